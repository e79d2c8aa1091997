static void concatenate(unsigned pixels, const uint8_t *first, unsigned channels, const uint8_t *second,
                        unsigned more, uint8_t *output)
{
    for (; pixels; pixels--) {
        for (unsigned channel = 0; channel < channels; channel++)
            *output++ = *first++;
        for (unsigned channel = 0; channel < more; channel++)
            *output++ = *second++;
    }
}
