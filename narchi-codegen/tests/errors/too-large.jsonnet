// Strings of an architecture are names and short texts.
{
    inputs: [],
    description: std.repeat('x', 2000000),
}
