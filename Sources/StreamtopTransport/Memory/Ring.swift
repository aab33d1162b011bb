import StreamtopBase

/// A queue in one buffer that grows in powers of two: added to at the end, taken from the front, reached by index.
///
/// The buffer is its own rather than an array's: each access costs two loads and a mask, and nothing asks who else may
/// hold it. Callers keep it below 32,768 elements.
///
/// This is one of the few files that use unsafe storage. The proof: `storage` is nil, or a live allocation of
/// `mask + 1` initialised elements that nobody else holds until `grow` or `deinit` frees it; every place is masked
/// before it is used, so no index, right or wrong, leads outside; and without a buffer an access stops the program.
@safe
struct Ring<Element: BitwiseCopyable>: ~Copyable {
    private var storage: UnsafeMutablePointer<Element>?
    private var head: UInt16 = 0
    private var used: UInt16 = 0
    /// Places less one; all ones while there is no buffer.
    private var mask: UInt16 = .max

    init() { unsafe storage = nil }

    deinit { unsafe storage?.deallocate() }

    var count: Int { Int(used) }
    var isEmpty: Bool { used == 0 }

    /// Index is 0 for the oldest element; callers stay below `count`.
    subscript(index: Int) -> Element {
        unsafeAddress { unsafe UnsafePointer(address(index)) }
        unsafeMutableAddress { unsafe address(index) }
    }

    @inline(__always)
    func address(_ index: Int) -> UnsafeMutablePointer<Element> {
        guard let storage = unsafe storage else { preconditionFailure("a ring without elements") }
        return unsafe storage + (Int(head) &+ index) & Int(mask)
    }

    /// The element at `index` will be needed soon, or the place for it.
    func prefetch(_ index: Int) {
        guard let storage = unsafe storage else { return }
        unsafe StreamtopBase.prefetch(UnsafePointer(storage + (Int(head) &+ index) & Int(mask)))
    }

    mutating func append(_ element: Element) {
        if used == mask &+ 1 { grow(filling: element) }
        used &+= 1
        self[count &- 1] = element
    }

    /// Puts `element` in front of the one at `index`, which may be the end.
    mutating func insert(_ element: Element, at index: Int) {
        append(element)
        var position = count - 1
        while position > index {  // towards `index`
            self[position] = self[position - 1]
            position -= 1
        }
        self[index] = element
    }

    mutating func removeFirst(_ number: Int = 1) {
        let number = UInt16(truncatingIfNeeded: Swift.min(number, count))
        head = (head &+ number) & mask
        used &-= number
    }

    /// Forgets the elements, and keeps the buffer.
    mutating func removeAll() {
        head = 0
        used = 0
    }

    @inline(never)
    private mutating func grow(filling element: Element) {
        let size = Swift.max(2, count * 2)
        let bigger = UnsafeMutablePointer<Element>.allocate(capacity: size)
        unsafe bigger.initialize(repeating: element, count: size)
        for index in 0..<count { unsafe bigger[index] = self[index] }
        unsafe storage?.deallocate()
        unsafe storage = bigger
        head = 0
        mask = UInt16(truncatingIfNeeded: size - 1)
    }
}
