import CPrefetch

// Asking for memory before it is needed. Packets of thousands of flows arrive interleaved, so the state of a packet's
// flow is almost never in the cache; asked for a few packets ahead, it is there in time.
//
// This is one of the few files that use unsafe pointers. The proof: a prefetch reads nothing and cannot fault, whatever
// the address, and no pointer leaves these functions.

extension Array {
    /// The element at `index`, and the array's header with its count, will be needed soon. Any index will do.
    @inlinable
    @inline(__always)
    package func prefetch(_ index: Int) {
        unsafe withUnsafeBufferPointer { elements in
            guard let start = unsafe UnsafeRawPointer(elements.baseAddress) else { return }
            // The header takes the 32 bytes in front of the first element.
            unsafe streamtop_prefetch(start - 32)
            unsafe streamtop_prefetch(start + index &* MemoryLayout<Element>.stride)
        }
    }
}

/// The value at `address` will be needed soon, all of it.
@inlinable
@inline(__always)
@safe
package func prefetch<Value: ~Copyable>(_ address: UnsafePointer<Value>) {
    unsafe prefetchBytes(UnsafeRawPointer(address), MemoryLayout<Value>.size)
}

/// The first `count` bytes at `address` will be needed soon.
@inlinable
@inline(__always)
@safe
package func prefetchBytes(_ address: UnsafeRawPointer, _ count: Int) {
    var offset = 0
    while offset < count {  // one cache line each pass
        unsafe streamtop_prefetch(address + offset)
        offset &+= 64
    }
}
