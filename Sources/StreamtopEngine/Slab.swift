import StreamtopBase

/// Stable-address storage for many values of one type, in pages that are allocated as they are needed.
///
/// Elements are reached by a small index and edited in place: no reference counting, no copying and no exclusivity
/// bookkeeping on the hot path, and memory that grows with what is stored rather than with the cap.
///
/// This is one of the few files that use unsafe storage. The proof: a page is a live allocation of exactly `pageSize`
/// elements from the moment it is appended to `pages` until `deinit`; `occupied[index]` is true exactly while the
/// element at `index` is initialised; every access checks `occupied` first (an index is the engine's own, never a wire
/// number, so a failed check is a bug of ours and stops the program).
@safe
package struct Slab<Element: ~Copyable>: ~Copyable {
    /// 64 elements; `address(of:)` spells it out.
    @usableFromInline static var pageShift: Int { 6 }
    @usableFromInline static var pageSize: Int { 1 << pageShift }
    @usableFromInline static var pageMask: Int { pageSize - 1 }

    @usableFromInline var pages: [UnsafeMutablePointer<Element>] = unsafe []
    @usableFromInline var occupied: [Bool] = []
    @usableFromInline var free: [UInt32] = []

    /// Number of elements stored.
    package private(set) var count = 0

    package init() {}

    deinit {
        for index in occupied.indices where occupied[index] {
            unsafe (pages[index >> Self.pageShift] + (index & Self.pageMask)).deinitialize(count: 1)
        }
        for index in unsafe pages.indices { unsafe pages[index].deallocate() }
    }

    /// Stores `element` and returns the index by which it is reached until it is removed.
    package mutating func insert(_ element: consuming Element) -> UInt32 {
        count += 1
        if let index = free.popLast() {
            unsafe (pages[Int(index) >> Self.pageShift] + (Int(index) & Self.pageMask)).initialize(to: element)
            occupied[Int(index)] = true
            return index
        }
        let index = occupied.count
        if index & Self.pageMask == 0 {
            unsafe pages.append(.allocate(capacity: Self.pageSize))
        }
        unsafe (pages[index >> Self.pageShift] + (index & Self.pageMask)).initialize(to: element)
        occupied.append(true)
        return UInt32(index)
    }

    /// Takes the element out; its index may be given to a later one.
    @discardableResult
    package mutating func remove(_ index: UInt32) -> Element {
        precondition(Int(index) < occupied.count && occupied[Int(index)], "slab index not in use")
        occupied[Int(index)] = false
        free.append(index)
        count -= 1
        return unsafe (pages[Int(index) >> Self.pageShift] + (Int(index) & Self.pageMask)).move()
    }

    /// Forgets all elements without giving their memory back, for a process that ends: it goes back as a whole then.
    mutating func abandon() {
        occupied = []
        free = []
        unsafe pages = []
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
        let position = Int(index)
        precondition(position < occupied.count && occupied[position], "slab index not in use")
        return unsafe pages[position &>> 6] + (position & 63)
    }

    /// The element at `index`, where there is one, will be needed soon.
    @inlinable
    func prefetch(_ index: UInt32) {
        if contains(index) { unsafe StreamtopBase.prefetch(UnsafePointer(address(of: index))) }
    }

    /// Whether an element is stored at `index`.
    @inlinable
    package func contains(_ index: UInt32) -> Bool {
        Int(index) < occupied.count && occupied[Int(index)]
    }

    /// Indices in use, ascending.
    package var indices: [UInt32] {
        occupied.indices.compactMap { occupied[$0] ? UInt32($0) : nil }
    }
}
