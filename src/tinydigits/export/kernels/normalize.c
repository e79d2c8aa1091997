/* A picture of one glyph, ink 0…255, as MNIST would hold it; step for step what `tinydigits.normalize_glyph` does. */
enum { SIDE = 28, BOX = 20, MIDDLE = 14, LARGEST = 400 };

/* What lies midway between two levels is rounded up, in whatever order its sum was taken. */
static const double HALF = 0.5 + 1e-6;

static uint8_t ink[LARGEST * LARGEST];
static double rows[LARGEST + 1], columns[LARGEST + 1], small[BOX * BOX], halfway[BOX * LARGEST];

uint8_t *picture(void);
int normalize(int height, int width);

uint8_t *picture(void)
{
    return ink;
}

static int ends(const double *profile, int length, int *first)
{
    double most = 0;
    int last = 0;
    *first = length;
    for (int place = 0; place < length; place++)
        most = profile[place] > most ? profile[place] : most;
    for (int place = 0; place < length; place++)
        if (profile[place] > most * (1.0 / 24)) {
            *first = place < *first ? place : *first;
            last = place;
        }
    return last + 1;
}

/* A profile between the middles of its pixels, nothing before it; read from either end. */
static double between(const double *profile, int length, int backwards, double place)
{
    double exact = place + 0.5;
    int before = (int)exact; /* of the samples −0.5, 0.5, 1.5, … */
    if (exact <= 0)
        return 0;
    if (before >= length)
        return profile[backwards ? 0 : length - 1];
    {
        double low = before == 0 ? 0 : profile[backwards ? length - before : before - 1];
        double high = profile[backwards ? length - 1 - before : before];
        return (high - low) * (place - (before - 0.5)) + low;
    }
}

static double edge(const double *profile, int length, int backwards, double depth)
{
    int steps = 8 * (int)(2 * depth) + (2 * depth > (int)(2 * depth) ? 8 : 0);
    for (int step = -4; step <= steps; step++) {
        double place = step / 8.0;
        double here = between(profile, length, backwards, place);
        if (here >= between(profile, length, backwards, place + depth) / 2)
            return place;
    }
    return -0.5;
}

static void extent(const double *profile, int length, double depth, double *low, double *high)
{
    int first, last = ends(profile, length, &first);
    depth = depth < (last - first) / 2.0 ? depth : (last - first) / 2.0;
    *low = first + edge(profile + first, last - first, 0, depth);
    *high = last - edge(profile + first, last - first, 1, depth);
}

static int near(double value)
{
    int down = (int)(value + 1024) - 1024;
    double rest = value - down;
    return rest > 0.5 || (rest == 0.5 && (down & 1)) ? down + 1 : down;
}

static int new_pixels(double low, double high, double unit, double *start)
{
    int count = near((high - low) / unit);
    count = count < 1 ? 1 : count;
    *start = (low + high - count * unit) / 2;
    return count;
}

/* What share of a new pixel an old one covers. */
static double overlap(double start, double unit, int pixel, int old)
{
    double from = start + unit * pixel, to = start + unit * (pixel + 1);
    double shared = (to < old + 1 ? to : old + 1) - (from > old ? from : old);
    return (shared > 0 ? shared : 0) / unit;
}

static int corner(const double *mass, int count, int step, int across, int across_step)
{
    double total = 0, moment = 0;
    int place;
    for (int one = 0; one < count; one++) {
        double sum = 0;
        for (int other = 0; other < across; other++)
            sum += mass[one * step + other * across_step];
        total += sum;
        moment += sum * one;
    }
    place = near(MIDDLE - moment / total);
    return place < 0 ? 0 : place > SIDE - count ? SIDE - count : place;
}

/* Of the picture's first height × width bytes; 0 where it is empty, and the image then is too. */
int normalize(int height, int width)
{
    double top, bottom, left, right, depth, unit, y, x, most = 0;
    int first, last, high, wide, row, column;
    for (int pixel = 0; pixel < SIDE * SIDE; pixel++)
        pixels[pixel] = 0;
    for (int place = 0; place < LARGEST; place++)
        rows[place] = columns[place] = 0;
    for (int i = 0; i < height; i++)
        for (int j = 0; j < width; j++) {
            double value = ink[i * width + j];
            rows[i] = value > rows[i] ? value : rows[i];
            columns[j] = value > columns[j] ? value : columns[j];
            most = value > most ? value : most;
        }
    if (most <= 0)
        return 0;
    last = ends(rows, height, &first);
    depth = last - first;
    last = ends(columns, width, &first);
    depth = (depth > last - first ? depth : last - first) / BOX / 2;
    extent(rows, height, depth, &top, &bottom);
    extent(columns, width, depth, &left, &right);
    unit = (bottom - top > right - left ? bottom - top : right - left) / BOX;
    high = new_pixels(top, bottom, unit, &y);
    wide = new_pixels(left, right, unit, &x);
    most = 0;
    for (int i = 0; i < high; i++) {
        for (int j = 0; j < width; j++)
            halfway[i * width + j] = 0;
        for (int old = 0; old < height; old++) {
            double share = overlap(y, unit, i, old);
            for (int j = 0; share > 0 && j < width; j++)
                halfway[i * width + j] += share * ink[old * width + j];
        }
    }
    for (int j = 0; j < wide; j++) {
        for (int i = 0; i < high; i++)
            small[i * wide + j] = 0;
        for (int old = 0; old < width; old++) {
            double share = overlap(x, unit, j, old);
            for (int i = 0; share > 0 && i < high; i++)
                small[i * wide + j] += halfway[i * width + old] * share;
        }
    }
    for (int place = 0; place < high * wide; place++)
        most = small[place] > most ? small[place] : most;
    row = corner(small, high, wide, wide, 1);
    column = corner(small, wide, 1, high, wide);
    for (int i = 0; i < high; i++)
        for (int j = 0; j < wide; j++)
            pixels[(row + i) * SIDE + column + j] = (uint8_t)(small[i * wide + j] * (255 / most) + HALF);
    return 1;
}
