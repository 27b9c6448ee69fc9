#!/bin/sh
# The main job on real data: tune for three boards at once, report, select, export.
set -eu
cd "$(dirname "$0")/../.."
python=$(dirname "$(command -v tuner)")/python

"$python" examples/motion/prepare.py demo/shoulder-exercises
if [ -e demo/studies/shoulder-exercises/study.db ]; then
    tuner resume shoulder-exercises --studies demo/studies
else
    tuner run examples/motion/study.yaml --studies demo/studies
fi
tuner report shoulder-exercises --studies demo/studies --output demo/report.html

echo
echo "The most accurate model for the Raspberry Pi Pico in 16 KiB of RAM, 96 KiB of flash and 20 ms:"
limits="--device raspberry-pi-pico --max-ram 16KiB --max-flash 96KiB --max-latency 20ms"
# shellcheck disable=SC2086  # the options are meant to be split
tuner select shoulder-exercises --studies demo/studies $limits
# shellcheck disable=SC2086
trial=$(tuner select shoulder-exercises --studies demo/studies $limits --json |
    "$python" -c 'import json, sys; print(json.load(sys.stdin)["trial"])')
tuner export shoulder-exercises --studies demo/studies --trial "$trial" --device raspberry-pi-pico --output demo/firmware

echo
echo "Open demo/report.html in a browser; demo/firmware holds the model."
