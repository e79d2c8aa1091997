typedef struct {
    uint8_t height, width, channels, rows, columns; /* before and after */
    int8_t top, left;                               /* rows and columns added; negative ones are cut off */
    uint8_t zero, continued;                        /* what is added: the zero, or the border's values */
} Pad;

/* From the end, since what is only enlarged may lie in one place with the result. */
static void pad(const Pad *layer, const uint8_t *input, uint8_t *output)
{
    output += (unsigned)layer->rows * layer->columns * layer->channels;
    for (int row = layer->rows - layer->top; row-- > -layer->top;)
        for (int column = layer->columns - layer->left; column-- > -layer->left;) {
            int y = row < 0 ? 0 : row < layer->height ? row : layer->height - 1;
            int x = column < 0 ? 0 : column < layer->width ? column : layer->width - 1;
            int inside = layer->continued || (y == row && x == column);
            const uint8_t *pixel = input + (unsigned)(y * layer->width + x) * layer->channels;
            for (unsigned channel = layer->channels; channel--;)
                *--output = inside ? pixel[channel] : layer->zero;
        }
}
