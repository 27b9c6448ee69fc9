/* Runs each block once on a simulated core and prints how many instructions it takes; `count.py` builds and runs it.
 * The data is arbitrary: of the routines only sorting depends on it, and little. */
#include "blocks.c"

enum { TICKS_PER_1000 = 1600 }; /* of the 25 MHz system timer, with 64 ns of simulated time per instruction */
#define TIMER ((volatile uint32_t *)0xE000E010)

static void say(const char *text) {
    register int operation __asm__("r0") = 4;
    register const char *argument __asm__("r1") = text;
    __asm__ volatile("bkpt 0xab" ::"r"(operation), "r"(argument) : "memory");
}

static void say_number(uint32_t value) {
    char text[12];
    int at = 11;
    text[at] = 0;
    do text[--at] = '0' + value % 10;
    while (value /= 10);
    say(text + at);
}

static volatile uint32_t turns;
void tick(void) { turns++; }
static uint64_t now(void) {
    uint32_t before, value;
    do before = turns, value = TIMER[2];
    while (before != turns);
    return ((uint64_t)before << 24) + (0xffffff - value);
}

#define COUNT(name, call) \
    do { \
        const uint64_t start = now(); \
        call; \
        const uint64_t ticks = now() - start; \
        say(name), say(" "), say_number((uint32_t)(ticks * 1000 / TICKS_PER_1000)), say("\n"); \
    } while (0)

static float window[1024], work[4096], out[8192], table[4096];
static int16_t clip[16000], spans[80];

static void fill(void) {
    uint32_t random = 1;
    for (int i = 0; i < 1024; i++) random = random * 1664525u + 1013904223u, window[i] = (float)(int32_t)random * 1e-9f;
    for (int i = 0; i < 4096; i++) table[i] = 0.01f * (i % 97) + 0.01f;
    for (int i = 0; i < 16000; i++) clip[i] = (int16_t)(i * 37 % 2000 - 1000);
}

/* As the triangles of `WEIGHTS` weights in all, spread evenly over the filters. */
static void spread(int filters, int weights, int bins) {
    for (int f = 0; f < filters; f++) {
        spans[2 * f + 1] = (int16_t)(weights / filters);
        spans[2 * f] = (int16_t)(f * (bins - weights / filters) / filters);
    }
}

int main(void) {
    TIMER[1] = 0xffffff, TIMER[2] = 0, TIMER[0] = 7;
    fill();
    const float filter[15] = {.1f, .2f, .1f, .5f, -.2f, .1f, .2f, .1f, .5f, -.2f, .1f, .2f, .1f, .5f, -.2f};
    Spectral fft16 = {125, 3, 0, 16, 8, 8, 1, 1, filter, table}, fft64 = {125, 3, 3, 64, 32, 32, 1, 1, filter, table};
    COUNT("spectral-16", spectral_analysis(&fft16, window, work, out));
    COUNT("spectral-64-filtered", spectral_analysis(&fft64, window, work, out));
    COUNT("wavelet", wavelet_analysis(window, 320, 3, 1, table, table + 8, 8, work, out));
    COUNT("flatten", flatten(window, 125, 3, 2, work, out));
    Sound sound = {16000, 320, 320, 50, 512, 32, 13, 0, 1e-3f, .98f, -52, table, table, table, spans};
    spread(32, MFCC_WEIGHTS, 257);
    COUNT("mfcc-unnormalized", mfcc(&sound, clip, work, out));
    sound.window = 101;
    COUNT("mfcc", mfcc(&sound, clip, work, out));
    sound.filters = 40, sound.frames = 49;
    spread(40, MFE_WEIGHTS, 257);
    COUNT("mfe", mfe(&sound, clip, work, out));
    sound.fft = 128, sound.emphasis = 0;
    COUNT("spectrogram", spectrogram(&sound, clip, work, out));
    register int operation __asm__("r0") = 0x18;
    register int argument __asm__("r1") = 0x20026;
    __asm__ volatile("bkpt 0xab" ::"r"(operation), "r"(argument));
    for (;;) {
    }
}

void reset(void) {
    if (HAS_FPU) {
        *(volatile uint32_t *)0xE000ED88 |= 0xF << 20;
        __asm__ volatile("dsb\nisb");
    }
    main();
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    (void *)0x20100000, (void *)reset, [15] = (void *)tick};

void *_sbrk(int more) { (void)more; return 0; }
void _exit(int code) { (void)code; for (;;) { } }
