/// Keeps the struct that holds one in memory, at one address.
///
/// A struct of plain values, however large, is to the compiler a value that fits a register: to call a method that only
/// reads it, it copies all of it to the stack first. For the state of a TCP flow that is 1.7 kB for each call, and its
/// cache misses with it. A weak reference is what a struct can hold that cannot be copied byte by byte; with one inside,
/// the struct is passed by its address alone (decision 0096). The reference is nil for good, and takes 8 bytes.
package struct AddressOnly: ~Copyable, Sendable {
    private final class Nothing: Sendable {}

    private weak let nothing: Nothing? = nil

    package init() {}
}

/// The same for a struct that may be copied, but seldom should: what only reads it is given its address. A copy costs a
/// few instructions more than without.
package struct PassedByAddress: Equatable, Sendable {
    private final class Nothing: Sendable {}

    private weak let nothing: Nothing? = nil

    package init() {}

    package static func == (left: PassedByAddress, right: PassedByAddress) -> Bool { true }
}
