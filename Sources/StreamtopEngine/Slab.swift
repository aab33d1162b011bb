import StreamtopBase

/// Stable-address storage for many values of one type, in pages that are allocated as they are needed.
///
/// Elements are reached by a small index and edited in place: no reference counting, no copying and no exclusivity
/// bookkeeping on the hot path, and memory that grows with what is stored rather than with the cap.
///
/// This is one of the few files that use unsafe storage. The proof: a page is a live allocation of exactly `pageSize`
/// elements from the moment it is appended to `pages` until `deinit`; bit n of its `occupied` is set exactly while its nth
/// element is initialised; every access checks that bit first (an index is the engine's own, never a wire number, so a
/// failed check is a bug of ours and stops the program).
@safe
package struct Slab<Element: ~Copyable>: ~Copyable {
    /// 64 elements, as many as a word has bits.
    @usableFromInline static var pageShift: UInt32 { 6 }
    @usableFromInline static var pageSize: Int { 64 }
    /// Elements whose size divides a cache line, or is a multiple of one, lie in as few lines as they can.
    private static var alignment: Int { max(64, MemoryLayout<Element>.alignment) }

    @usableFromInline
    @safe
    struct Page {
        @usableFromInline let elements: UnsafeMutablePointer<Element>
        /// Which elements there are, from the lowest bit.
        @usableFromInline var occupied: UInt64 = 0

        init(elements: UnsafeMutablePointer<Element>) { unsafe self.elements = elements }
    }

    @usableFromInline var pages: [Page] = []
    private var free: [UInt32] = []
    /// Places that were ever in use.
    private var slots: UInt32 = 0

    /// Number of elements stored.
    package private(set) var count = 0

    package init() {}

    deinit {
        for page in pages {
            for offset in 0..<Self.pageSize where page.occupied & 1 << UInt64(offset) != 0 {
                unsafe (page.elements + offset).deinitialize(count: 1)
            }
            unsafe UnsafeMutableRawPointer(page.elements).deallocate()
        }
    }

    /// Stores `element` and returns the index by which it is reached until it is removed.
    package mutating func insert(_ element: consuming Element) -> UInt32 {
        count += 1
        let index = free.popLast() ?? addSlot()
        let page = Int(index >> Self.pageShift)
        let offset = Self.offset(index)
        unsafe (pages[page].elements + offset).initialize(to: element)
        pages[page].occupied |= 1 << UInt64(offset)
        return index
    }

    private mutating func addSlot() -> UInt32 {
        let index = slots
        slots += 1
        if Self.offset(index) == 0 {
            let bytes = UnsafeMutableRawPointer.allocate(
                byteCount: Self.pageSize * MemoryLayout<Element>.stride, alignment: Self.alignment)
            unsafe pages.append(Page(elements: bytes.bindMemory(to: Element.self, capacity: Self.pageSize)))
        }
        return index
    }

    /// Takes the element out; its index may be given to a later one.
    @discardableResult
    package mutating func remove(_ index: UInt32) -> Element {
        let element = unsafe address(of: index)
        pages[Int(index >> Self.pageShift)].occupied &= ~(1 << UInt64(Self.offset(index)))
        free.append(index)
        count -= 1
        return unsafe element.move()
    }

    /// Forgets all elements without giving their memory back, for a process that ends: it goes back as a whole then.
    mutating func abandon() {
        pages = []
        free = []
        slots = 0
        count = 0
    }

    /// The element at `index`, in place. Addressors rather than coroutines: an access is two loads and a check.
    @inlinable
    package subscript(index: UInt32) -> Element {
        unsafeAddress {
            unsafe UnsafePointer(address(of: index))
        }
        unsafeMutableAddress {
            unsafe address(of: index)
        }
    }

    @inlinable
    func address(of index: UInt32) -> UnsafeMutablePointer<Element> {
        let page = pages[Int(index >> Self.pageShift)]
        let offset = Self.offset(index)
        precondition(page.occupied & 1 &<< UInt64(offset) != 0, "slab index not in use")
        return unsafe page.elements + offset
    }

    /// Where in its page the element at `index` is.
    @inlinable
    @inline(__always)
    static func offset(_ index: UInt32) -> Int { Int(index & UInt32(pageSize - 1)) }

    /// The element at `index` will be needed soon. A prefetch reads nothing, so nobody asks whether there is one: its place
    /// lies within its page.
    @inlinable
    @inline(__always)
    func prefetch(_ index: UInt32) {
        let number = Int(index >> Self.pageShift)
        guard number < pages.count else { return }
        let page = pages[number]
        unsafe StreamtopBase.prefetch(UnsafePointer(page.elements + Self.offset(index)))
    }

    /// The same of its first bytes.
    @inlinable
    @inline(__always)
    func prefetch(_ index: UInt32, bytes: Int) {
        let number = Int(index >> Self.pageShift)
        guard number < pages.count else { return }
        let page = pages[number]
        unsafe StreamtopBase.prefetchBytes(UnsafeRawPointer(page.elements + Self.offset(index)), bytes)
    }

    /// Whether an element is stored at `index`.
    @inlinable
    package func contains(_ index: UInt32) -> Bool {
        let page = Int(index >> Self.pageShift)
        return page < pages.count && pages[page].occupied & 1 &<< UInt64(Self.offset(index)) != 0
    }

    /// What `body` makes of the element at `index`, in place and with one look for it; nil where none is stored.
    @inlinable
    @inline(__always)
    package func read<Value>(_ index: UInt32, _ body: (borrowing Element) -> Value) -> Value? {
        let number = Int(index >> Self.pageShift)
        guard number < pages.count else { return nil }
        let page = pages[number]
        let offset = Self.offset(index)
        guard page.occupied & 1 &<< UInt64(offset) != 0 else { return nil }
        return unsafe body(page.elements[offset])
    }

    /// Indices in use, ascending.
    package var indices: [UInt32] { (0..<slots).filter { contains($0) } }
}
