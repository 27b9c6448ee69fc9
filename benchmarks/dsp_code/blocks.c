/* The blocks, put together from the routines as a firmware would. Not inlined, so that code shared by blocks is
 * measured once. */
#include "routines.c"

typedef struct {
    int samples, axes, sections, fft, stride, bins, log;
    float scale;
    const float *filter, *twiddles;
} Spectral;

/* Low-pass or no filter, version 4. work: samples + 2 * sections + fft + fft / 2 + 1 values. */
int spectral_analysis(const Spectral *c, const float *window, float *work, float *out) {
    float *state = work + c->samples, *frame = state + 2 * c->sections, *power = frame + c->fft;
    const int powers = c->fft / 2 + 1;
    float *feature = out;
    for (int axis = 0; axis < c->axes; axis++) {
        float m[4];
        gather(window + axis, c->samples, c->axes, c->scale, work);
        memset(state, 0, 2 * c->sections * sizeof(float));
        biquads(work, c->samples, c->filter, state, c->sections);
        moments(work, c->samples, m);
        *feature++ = sqrtf(m[1]), *feature++ = m[2], *feature++ = m[3];
        memset(power, 0, powers * sizeof(float));
        for (int start = 0; start < c->samples; start += c->stride) {
            const int count = c->samples - start < c->fft ? c->samples - start : c->fft;
            memcpy(frame, work + start, count * sizeof(float));
            memset(frame + count, 0, (c->fft - count) * sizeof(float));
            rfft(frame, c->fft, c->twiddles);
            power_max_hold(frame, c->fft, power);
        }
        if (c->log) log_spectrum(power + 1, c->bins, feature + 2);
        else memcpy(feature + 2, power + 1, c->bins * sizeof(float));
        moments(power, powers, m);
        *feature++ = m[2], *feature++ = m[3];
        feature += c->bins;
    }
    return feature - out;
}

void flatten(const float *window, int samples, int axes, float scale, float *work, float *out) {
    for (int axis = 0; axis < axes; axis++, out += 7) {
        float m[4];
        gather(window + axis, samples, axes, scale, work);
        range(work, samples, out + 1);
        moments(work, samples, m);
        out[0] = m[0], out[3] = sqrtf(m[1] + m[0] * m[0]), out[4] = sqrtf(m[1]), out[5] = m[2], out[6] = m[3];
    }
}

typedef struct {
    int samples, length, stride, frames, fft, filters, coefficients, window;
    float scale, emphasis, floor;
    const float *twiddles, *weights, *cosines;
    const int16_t *spans;
} Sound;

static void power_of_frame(const Sound *c, const int16_t *clip, int start, float *frame, float *power_out) {
    const int count = c->length < c->fft ? c->length : c->fft;
    emphasize(clip + start, count, clip[start ? start - 1 : c->samples - 1], c->scale, c->emphasis, frame);
    memset(frame + count, 0, (c->fft - count) * sizeof(float));
    rfft(frame, c->fft, c->twiddles);
    power(frame, c->fft, power_out);
}

void spectrogram(const Sound *c, const int16_t *clip, float *work, float *out) {
    const int bins = c->fft / 2 + 1;
    for (int f = 0; f < c->frames; f++, out += bins) {
        power_of_frame(c, clip, f * c->stride, work, out);
        decibels(out, bins, c->floor, 0, out);
    }
}

void mfe(const Sound *c, const int16_t *clip, float *work, float *out) {
    float *p = work + c->fft;
    for (int f = 0; f < c->frames; f++, out += c->filters) {
        power_of_frame(c, clip, f * c->stride, work, p);
        mel(p, c->spans, c->weights, c->filters, out);
        decibels(out, c->filters, c->floor, 1, out);
    }
}

void mfcc(const Sound *c, const int16_t *clip, float *work, float *out) {
    const int bins = c->fft / 2 + 1;
    float *p = work + c->fft, *energies = p + bins;
    for (int f = 0; f < c->frames; f++) {
        float energy = 0;
        power_of_frame(c, clip, f * c->stride, work, p);
        for (int k = 0; k < bins; k++) energy += p[k];
        mel(p, c->spans, c->weights, c->filters, energies);
        dct(energies, c->cosines, c->filters, c->coefficients, energy, out + f * c->coefficients);
    }
    if (c->window) normalize_windows(out, c->frames, c->coefficients, c->window, work);
}

/* Fourteen statistics of one level of coefficients, which are sorted on the way. */
void describe_level(float *x, int n, int *histogram, float *out) {
    static const unsigned char percentiles[] = {5, 25, 75, 95, 50};
    float sum = 0, m[4];
    for (int i = 0; i < n; i++) sum += x[i];
    out[1] = (float)crossings(x, n, 0) / n, out[2] = (float)crossings(x, n, sum / n) / n;
    sort(x, n);
    out[0] = entropy(x, n, histogram);
    for (int i = 0; i < 5; i++) out[3 + i] = x[(int)((n - 1) * percentiles[i] / 100.0f + 0.5f)];
    moments(x, n, m);
    out[8] = m[0], out[9] = sqrtf(m[1]), out[10] = m[1] * n / (n - 1), out[11] = sqrtf(m[1] + m[0] * m[0]);
    out[12] = m[2], out[13] = m[3];
}

/* work: 2 * (samples + taps) values and 100 integers. */
void wavelet_analysis(const float *window, int samples, int axes, int levels, const float *low, const float *high,
                      int taps, float *work, float *out) {
    int *histogram = (int *)(work + 2 * (samples + taps));
    for (int axis = 0; axis < axes; axis++, out += 14 * (levels + 1)) {
        float m[4], *next = work + samples + taps, *detail = next + (samples + taps) / 2;
        int n = samples;
        gather(window + axis, samples, axes, 1, work);
        moments(work, n, m);
        for (int level = levels; level > 0; level--) {
            dwt(work, n, low, high, taps, next, detail);
            n = (n + taps - 1) / 2;
            memcpy(work, next, n * sizeof(float));
            describe_level(detail, n, histogram, out + 14 * level);
        }
        describe_level(work, n, histogram, out);
    }
}
