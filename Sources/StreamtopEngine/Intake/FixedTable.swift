/// As many values as a power of two says, reached by the lowest bits of a number: every number finds one.
///
/// This is one of the few files that use unsafe storage. The proof: `values` is a live allocation of `mask + 1` initialised
/// elements until `deinit`, and a number's bits below the mask are none but those of a place in it.
@safe
struct FixedTable<Element: BitwiseCopyable>: ~Copyable {
    private let values: UnsafeMutablePointer<Element>
    private let mask: Int

    /// - Parameter count: rounded up to a power of two.
    init(_ value: Element, count: Int) {
        var size = 1
        while size < count { size *= 2 }
        mask = size - 1
        unsafe values = .allocate(capacity: size)
        unsafe values.initialize(repeating: value, count: size)
    }

    deinit { unsafe values.deallocate() }

    subscript(number: Int) -> Element {
        unsafeAddress { unsafe UnsafePointer(values + (number & mask)) }
        unsafeMutableAddress { unsafe values + (number & mask) }
    }
}
