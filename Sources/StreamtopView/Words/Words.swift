/// Every word a user reads; screens hold none of their own. This file has what many screens share, the others in this
/// folder one subject each.
enum Words {
    /// "Not known."
    static let unknown = "–"
    static let tooLarge = ">9e15"
    static let program = "streamtop"
    static let arrow = "→"
}
