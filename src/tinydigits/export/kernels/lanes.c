/* Two filters at once: a byte times a word that holds two weights, 16 bits apart, is two products. */
static NOINLINE uint32_t dot(const uint8_t *values, const uint32_t *tap, unsigned count)
{
    const uint8_t *end = values + (count & ~3u);
    uint32_t sum = 0;
    for (; values != end; values += 4, tap += 4)
        sum += values[0] * tap[0] + values[1] * tap[1] + values[2] * tap[2] + values[3] * tap[3];
    for (end += count & 3; values != end;)
        sum += *values++ * *tap++;
    return sum;
}

/* Adds what is in both lanes to the sums. */
static void take(uint32_t lanes, int32_t sums[2])
{
    int32_t low = (int16_t)(lanes & 0xffff);
    sums[0] += low;
    sums[1] += (int16_t)((lanes - (uint32_t)low) >> 16);
}

/* Weights of two filters, 4 or 2 bits each and two taps in a byte where they have 2, as words of two lanes; where the
 * next ones are. */
static NOINLINE const uint8_t *unpack(const uint8_t *packed, unsigned bits, uint32_t *tap, unsigned count)
{
    const uint32_t *end = tap + count;
    while (tap != end) {
        const uint32_t byte = *packed++;
        if (bits == 4)
            *tap++ = (byte & 15) + (byte >> 4 << 16) - 0x80008u;
        else {
            *tap++ = (byte & 3) + (byte >> 2 << 30 >> 14) - 0x20002u;
            if (tap != end)
                *tap++ = (byte >> 4 & 3) + (byte >> 6 << 16) - 0x20002u;
        }
    }
    return packed;
}

static NOINLINE void window(const Convolution *layer, const uint8_t *input, int y, int x, const uint32_t *tap,
                            int32_t sums[2])
{
    const unsigned channels = layer->channels, row = layer->kernel_width * channels;
    int rows = layer->kernel_height, columns = layer->kernel_width;
    unsigned count;
    if (y < 0) {
        tap += (unsigned)-y * row;
        rows += y;
        y = 0;
    }
    if (x < 0) {
        tap += (unsigned)-x * channels;
        columns += x;
        x = 0;
    }
    rows = rows < layer->height - y ? rows : layer->height - y;
    columns = columns < layer->width - x ? columns : layer->width - x;
    count = (unsigned)columns * channels;
    input += (unsigned)y * layer->pitch + (unsigned)x * channels;
    sums[0] = sums[1] = 0;
    for (; rows > 0; rows--, input += layer->pitch, tap += row) {
        unsigned done = 0;
        for (; count - done > layer->run; done += layer->run)
            take(dot(input + done, tap + done, layer->run), sums);
        take(dot(input + done, tap + done, count - done), sums);
    }
}

/* `taps` has room for a filter. */
static void convolve(const Convolution *layer, const uint8_t *input, uint8_t *output, uint32_t *taps, int32_t *logits)
{
    const uint8_t *packed = layer->weights;
    const unsigned count = (unsigned)layer->kernel_height * layer->kernel_width * layer->channels;
    for (unsigned filter = 0; filter < layer->filters; filter += 2) {
        uint8_t *place = output + filter;
        packed = unpack(packed, layer->bits, taps, count);
        for (int y = 0; y < layer->rows; y++)
            for (int x = 0; x < layer->columns; x++, place += layer->filters) {
                int32_t best[2] = {INT32_MIN, INT32_MIN};
                for (int pool_y = 0; pool_y < layer->pool_height; pool_y++)
                    for (int pool_x = 0; pool_x < layer->pool_width; pool_x++) {
                        int32_t sums[2];
                        window(layer, input, (y * layer->pool_height + pool_y) * layer->stride_y - layer->top,
                               (x * layer->pool_width + pool_x) * layer->stride_x - layer->left, taps, sums);
                        best[0] = sums[0] > best[0] ? sums[0] : best[0];
                        best[1] = sums[1] > best[1] ? sums[1] : best[1];
                    }
                store(layer, filter, best[0], place, logits);
                if (filter + 1 < layer->filters)
                    store(layer, filter + 1, best[1], place + 1, logits);
            }
    }
}
