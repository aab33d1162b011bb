/// What `requireOwned` throws.
package struct NothingThere: Error {
    package init() {}
}

/// `#require` for values that cannot be copied.
package func requireOwned<Value: ~Copyable>(_ value: consuming Value?) throws -> Value {
    guard let value else { throw NothingThere() }
    return value
}
