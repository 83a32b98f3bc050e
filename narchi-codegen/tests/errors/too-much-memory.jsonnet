// More numbers than anybody has room for.
{ blocks: std.range(0, 2000000000) }
