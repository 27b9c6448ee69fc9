/* The routines that `tuner.dsp.cost` counts, as plain C for a 32-bit core: what a firmware without a vendor's DSP
 * library would run. `measure.py` beside this file compiles them and prints their sizes. */
#include <math.h>
#include <stdint.h>
#include <string.h>

/* In place, n a power of two >= 4; x holds n reals and is left with n/2 complex bins, the Nyquist bin's real part
 * in place of bin 0's imaginary part. w: n/2 pairs cos, -sin of 2 pi k / n. */
void rfft(float *x, int n, const float *w) {
    const int m = n / 2;
    for (int i = 1, j = 0; i < m; i++) {
        int bit = m >> 1;
        for (; j & bit; bit >>= 1) j ^= bit;
        j ^= bit;
        if (i < j) {
            const float re = x[2 * i], im = x[2 * i + 1];
            x[2 * i] = x[2 * j], x[2 * i + 1] = x[2 * j + 1];
            x[2 * j] = re, x[2 * j + 1] = im;
        }
    }
    for (int half = 1; half < m; half *= 2) {
        const int stride = n / (2 * half);
        for (int k = 0; k < half; k++) {
            const float wr = w[2 * k * stride], wi = w[2 * k * stride + 1];
            for (int i = k; i < m; i += 2 * half) {
                float *a = x + 2 * i, *b = a + 2 * half;
                const float re = wr * b[0] - wi * b[1], im = wr * b[1] + wi * b[0];
                b[0] = a[0] - re, b[1] = a[1] - im;
                a[0] += re, a[1] += im;
            }
        }
    }
    const float dc = x[0];
    x[0] = dc + x[1], x[1] = dc - x[1];
    for (int k = 1; k <= m / 2; k++) {
        float *a = x + 2 * k, *b = x + 2 * (m - k);
        const float er = 0.5f * (a[0] + b[0]), ei = 0.5f * (a[1] - b[1]);
        const float orr = 0.5f * (a[1] + b[1]), oi = 0.5f * (b[0] - a[0]);
        const float tr = w[2 * k] * orr - w[2 * k + 1] * oi, ti = w[2 * k] * oi + w[2 * k + 1] * orr;
        a[0] = er + tr, a[1] = ei + ti;
        b[0] = er - tr, b[1] = ti - ei;
    }
}

/* Second-order sections, direct form II transposed. c: b0 b1 b2 -a1 -a2 per section; s: two values per section. */
void biquads(float *x, int n, const float *c, float *s, int sections) {
    for (int k = 0; k < sections; k++, c += 5, s += 2) {
        float s0 = s[0], s1 = s[1];
        for (int i = 0; i < n; i++) {
            const float in = x[i], out = c[0] * in + s0;
            s0 = c[1] * in + c[3] * out + s1;
            s1 = c[2] * in + c[4] * out;
            x[i] = out;
        }
        s[0] = s0, s[1] = s1;
    }
}

/* Subtracts the mean; out: mean, variance, skewness, excess kurtosis. */
void moments(float *x, int n, float *out) {
    float sum = 0, second = 0, third = 0, fourth = 0;
    for (int i = 0; i < n; i++) sum += x[i];
    const float mean = sum / n;
    for (int i = 0; i < n; i++) {
        const float d = x[i] - mean;
        second += d * d;
        x[i] = d;
    }
    second /= n;
    const float inverse = second > 1e-12f * mean * mean ? 1 / sqrtf(second) : 0;
    for (int i = 0; i < n; i++) {
        const float z = x[i] * inverse, z2 = z * z;
        third += z2 * z, fourth += z2 * z2;
    }
    out[0] = mean, out[1] = second, out[2] = third / n, out[3] = inverse > 0 ? fourth / n - 3 : 0;
}

void range(const float *x, int n, float *out) {
    float low = x[0], high = x[0];
    for (int i = 1; i < n; i++) {
        if (x[i] < low) low = x[i];
        if (x[i] > high) high = x[i];
    }
    out[0] = low, out[1] = high;
}

/* One axis of interleaved data, scaled. */
void gather(const float *in, int n, int axes, float scale, float *out) {
    for (int i = 0; i < n; i++) out[i] = scale * in[i * axes];
}

void keep_every(float *x, int n, int ratio) {
    for (int i = 0; i < n; i += ratio) *x++ = x[i - i / ratio];
}

/* |X|^2 / n of the packed spectrum, to n/2 + 1 bins; in place when out == x is not allowed. */
void power(const float *x, int n, float *out) {
    const float scale = 1.0f / n;
    out[0] = x[0] * x[0] * scale;
    out[n / 2] = x[1] * x[1] * scale;
    for (int k = 1; k < n / 2; k++) out[k] = (x[2 * k] * x[2 * k] + x[2 * k + 1] * x[2 * k + 1]) * scale;
}

/* Largest |X|^2 / n of each bin over all frames. */
void power_max_hold(const float *x, int n, float *out) {
    const float scale = 1.0f / n;
    float p = x[0] * x[0] * scale;
    if (p > out[0]) out[0] = p;
    p = x[1] * x[1] * scale;
    if (p > out[n / 2]) out[n / 2] = p;
    for (int k = 1; k < n / 2; k++) {
        p = (x[2 * k] * x[2 * k] + x[2 * k + 1] * x[2 * k + 1]) * scale;
        if (p > out[k]) out[k] = p;
    }
}

void log_spectrum(const float *p, int n, float *out) {
    for (int i = 0; i < n; i++) out[i] = log10f(p[i] > 0 ? p[i] : 1e-10f);
}

/* The highest local maxima above a threshold, by repeated selection; out: frequency and height of each. */
void peaks(float *height, int n, int count, float threshold, float spacing, float *out) {
    for (int rank = 0; rank < count; rank++) {
        int best = 0;
        for (int k = 1; k < n - 1; k++)
            if (height[k] > height[k - 1] && height[k] > height[k + 1] && height[k] >= threshold &&
                (best == 0 || height[k] > height[best])) best = k;
        out[2 * rank] = best ? best * spacing : 0, out[2 * rank + 1] = best ? height[best] : 0;
        if (best) height[best] = (height[best - 1] + height[best + 1]) / 2;
    }
}

/* One level of a wavelet transform with reflection at the ends. */
void dwt(const float *x, int n, const float *low, const float *high, int taps, float *approximation, float *detail) {
    for (int i = 0; i < (n + taps - 1) / 2; i++) {
        float a = 0, d = 0;
        for (int t = 0; t < taps; t++) {
            int k = 2 * i + 1 - t;
            while (k < 0 || k >= n) k = k < 0 ? -1 - k : 2 * n - 1 - k;
            a += low[t] * x[k], d += high[t] * x[k];
        }
        approximation[i] = a, detail[i] = d;
    }
}

/* Heap sort: no recursion, no memory. */
void sort(float *x, int n) {
    for (int start = n / 2, end = n; end > 1;) {
        if (start > 0) {
            start--;
        } else {
            const float t = x[--end];
            x[end] = x[0], x[0] = t;
        }
        for (int root = start, child; (child = 2 * root + 1) < end; root = child) {
            if (child + 1 < end && x[child] < x[child + 1]) child++;
            if (x[root] >= x[child]) break;
            const float t = x[root];
            x[root] = x[child], x[child] = t;
        }
    }
}

/* Of sorted values. */
float entropy(const float *x, int n, int *bins) {
    const float width = x[n - 1] - x[0], scale = width > 0 ? 100 / width : 0;
    memset(bins, 0, 100 * sizeof(int));
    for (int i = 0; i < n; i++) {
        const int bin = (int)((x[i] - x[0]) * scale);
        bins[bin < 100 ? bin : 99]++;
    }
    float sum = 0;
    for (int i = 0; i < 100; i++)
        if (bins[i]) sum -= (float)bins[i] / n * logf((float)bins[i] / n);
    return sum;
}

int crossings(const float *x, int n, float level) {
    int count = 0;
    for (int i = 1; i < n; i++) count += (x[i] > level) != (x[i - 1] > level);
    return count;
}

/* One frame of 16-bit audio, scaled and pre-emphasized; the sample before the first is given. */
void emphasize(const int16_t *in, int n, float before, float scale, float factor, float *out) {
    for (int i = 0; i < n; i++) {
        out[i] = scale * (in[i] - factor * before);
        before = in[i];
    }
}

/* Sparse filter bank: first bin and number of bins of each filter, weights one after the other. */
void mel(const float *power, const int16_t *spans, const float *weights, int filters, float *out) {
    for (int f = 0; f < filters; f++) {
        float sum = 0;
        const float *bin = power + spans[2 * f];
        for (int k = 0; k < spans[2 * f + 1]; k++) sum += *weights++ * *bin++;
        out[f] = sum;
    }
}

/* Decibels from the noise floor, to 0 ... 1; in steps of 1/256 if asked. */
void decibels(const float *p, int n, float floor, int quantize, float *out) {
    for (int i = 0; i < n; i++) {
        float value = (10 * log10f(p[i] > 1e-30f ? p[i] : 1e-30f) - floor) / (12 - floor);
        if (value < 0) value = 0;
        if (quantize) {
            value = roundf(value * 256);
            value = (value > 255 ? 255 : value) * (1.0f / 256);
        }
        out[i] = value;
    }
}

/* Orthonormal DCT-II by its matrix, after the logarithm. */
void dct(float *mel, const float *table, int filters, int coefficients, float energy, float *out) {
    for (int f = 0; f < filters; f++) mel[f] = logf(mel[f] > 0 ? mel[f] : 2.2e-16f);
    for (int c = 1; c < coefficients; c++) {
        float sum = 0;
        for (int f = 0; f < filters; f++) sum += table[c * filters + f] * mel[f];
        out[c] = sum;
    }
    out[0] = logf(energy > 0 ? energy : 2.2e-16f);
}

static int reflected(int k, int n) {
    while (k < 0 || k >= n) k = k < 0 ? -1 - k : 2 * n - 1 - k;
    return k;
}

/* Subtracts the mean of a window around each frame (running sum), then divides by the deviation around it. */
void normalize_windows(float *x, int frames, int columns, int window, float *column) {
    for (int c = 0; c < columns; c++) {
        for (int pass = 0; pass < 2; pass++) {
            float sum = 0, square = 0;
            for (int i = 0; i < frames; i++) column[i] = x[i * columns + c];
            for (int k = -window / 2; k <= window / 2; k++) {
                const float value = column[reflected(k, frames)];
                sum += value, square += value * value;
            }
            for (int i = 0; i < frames; i++) {
                const float mean = sum / window, variance = square / window - mean * mean;
                x[i * columns + c] = pass ? column[i] / (sqrtf(variance > 0 ? variance : 0) + 1e-10f) : column[i] - mean;
                const float in = column[reflected(i + window / 2 + 1, frames)], out = column[reflected(i - window / 2, frames)];
                sum += in - out, square += in * in - out * out;
            }
        }
    }
}

/* One pass of a separable resampling: `lines` lines of pixels of `channels` bytes, `step` bytes from one to the next.
 * spans: first pixel and number of taps per result; weights in units of 2^-14. */
void resample(const uint8_t *in, int lines, int line_step, int pixel_step, int channels, const int16_t *spans,
              const int16_t *weights, int taps, int results, uint8_t *out, int out_line, int out_pixel) {
    for (int line = 0; line < lines; line++, in += line_step, out += out_line) {
        for (int r = 0; r < results; r++) {
            const uint8_t *first = in + spans[2 * r] * pixel_step;
            for (int c = 0; c < channels; c++) {
                int32_t sum = 1 << 13;
                for (int t = 0; t < spans[2 * r + 1]; t++) sum += weights[r * taps + t] * first[t * pixel_step + c];
                sum >>= 14;
                out[r * out_pixel + c] = (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
            }
        }
    }
}

void nearest(const uint8_t *in, int width, int height, int channels, int out_width, int out_height, uint8_t *out) {
    for (int y = 0; y < out_height; y++)
        for (int x = 0; x < out_width; x++)
            for (int c = 0; c < channels; c++)
                *out++ = in[((y * 2 + 1) * height / (2 * out_height) * width + (x * 2 + 1) * width / (2 * out_width)) * channels + c];
}

void grayscale(const uint8_t *in, int pixels, uint8_t *out) {
    for (int i = 0; i < pixels; i++, in += 3) out[i] = (uint8_t)((19595 * in[0] + 38470 * in[1] + 7471 * in[2] + 32768) >> 16);
}
