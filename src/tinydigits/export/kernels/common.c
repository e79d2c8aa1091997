static uint8_t clipped(int32_t value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* A product with a layer's multiplier as a byte. What nobody needs is rounded; `>>` of what is negative rounds down,
 * as every compiler has it. */
static uint8_t byte_of(int32_t product, unsigned shift, int32_t zero)
{
    return clipped(((product + ((int32_t)1 << (shift - 1))) >> shift) + zero);
}
