import StreamtopBase

/// From flow key to slab index: open addressing with linear probing and backward-shift deletion.
///
/// A slot holds the key's hash and the slab index, 8 bytes together; the hash also gives the place to start looking. The
/// key itself stays with the flow, and the caller says whether a candidate is the one. The table doubles at three quarters
/// full, so a probe always ends at an empty slot.
package struct KeyIndex: Sendable {
    @usableFromInline
    struct Slot: Sendable {
        @usableFromInline var tag: UInt32
        /// `empty` marks a free slot.
        @usableFromInline var index: UInt32
        @inlinable init(tag: UInt32, index: UInt32) {
            self.tag = tag
            self.index = index
        }
    }

    @usableFromInline static var empty: UInt32 { .max }

    @usableFromInline var slots: [Slot]
    @usableFromInline var mask: Int
    package private(set) var count = 0

    package init(minimumCapacity: Int = 1024) {
        var capacity = 16
        while capacity < minimumCapacity { capacity *= 2 }
        slots = Array(repeating: Slot(tag: 0, index: Self.empty), count: capacity)
        mask = capacity - 1
    }

    /// The slab index stored under `hash` for which `isMatch` holds.
    @inlinable
    package func find(_ hash: UInt32, where isMatch: (UInt32) -> Bool) -> UInt32? {
        var position = Int(hash) & mask
        while true {  // ends: the table always has an empty slot
            let slot = slots[position]
            if slot.index == Self.empty { return nil }
            if slot.tag == hash, isMatch(slot.index) { return slot.index }
            position = (position + 1) & mask
        }
    }

    /// The first slab index stored under `hash`, most likely the one that `find` will return.
    @inlinable
    package func candidate(_ hash: UInt32) -> UInt32? { find(hash) { _ in true } }

    /// `hash` will be looked up soon.
    @inlinable
    package func prefetch(_ hash: UInt32) { slots.prefetch(Int(hash) & mask) }

    /// Stores `index` under `hash`; the caller has made sure that its key is not there yet.
    package mutating func insert(_ hash: UInt32, index: UInt32) {
        if (count + 1) * 4 > slots.count * 3 { grow() }
        place(Slot(tag: hash, index: index))
        count += 1
    }

    /// Forgets `index`, stored under `hash`. The slots behind it move up so that no probe is cut short.
    package mutating func remove(_ hash: UInt32, index: UInt32) {
        var hole = Int(hash) & mask
        while slots[hole].index != index {
            if slots[hole].index == Self.empty { return }
            hole = (hole + 1) & mask
        }
        var next = (hole + 1) & mask
        while slots[next].index != Self.empty {  // ends: the table always has an empty slot
            let home = Int(slots[next].tag) & mask
            // An element may move into the hole unless its home lies cyclically behind the hole.
            if (next - home) & mask >= (next - hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole].index = Self.empty
        count -= 1
    }

    private mutating func place(_ slot: Slot) {
        var position = Int(slot.tag) & mask
        while slots[position].index != Self.empty { position = (position + 1) & mask }
        slots[position] = slot
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: Slot(tag: 0, index: Self.empty), count: old.count * 2)
        mask = slots.count - 1
        for slot in old where slot.index != Self.empty { place(slot) }
    }
}
