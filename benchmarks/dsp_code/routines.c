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
