import CBlockPool

/// Memory for the small things that every flow holds by the dozen: rings, histograms, meters on demand (decision 0300).
///
/// This is one of the few files that use unsafe storage. The proof: a block is taken for `count` elements and given back for as
/// many by whoever owns it, which is one non-copyable value; the pool hands out no byte twice, and its blocks are aligned to 16.
@unsafe
package enum Blocks {
    /// Room for `count` elements, none of which is initialised.
    @inlinable
    @inline(__always)
    package static func take<Element: ~Copyable>(_ type: Element.Type, _ count: Int) -> UnsafeMutablePointer<Element> {
        precondition(MemoryLayout<Element>.alignment <= 16, "blocks are aligned to 16")
        let block = unsafe streamtop_block_take(MemoryLayout<Element>.stride &* count)
        return unsafe block.unsafelyUnwrapped.bindMemory(to: Element.self, capacity: count)
    }

    /// Gives back what was taken for `count` elements, none of which is initialised any more.
    @inlinable
    @inline(__always)
    package static func give<Element: ~Copyable>(_ block: UnsafeMutablePointer<Element>, _ count: Int) {
        unsafe streamtop_block_give(UnsafeMutableRawPointer(block), MemoryLayout<Element>.stride &* count)
    }
}
