// Nothing: what is compiled here are the headers, for all others.
int main() { return 0; }
