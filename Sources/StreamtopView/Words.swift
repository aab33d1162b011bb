/// Every word a user reads, in one place.
enum Words {
}
