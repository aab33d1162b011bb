/// A small, fast generator whose whole run follows from its seed (SplitMix64), so that a failing test prints one number
/// and can be run again.
package struct SeededRandom: RandomNumberGenerator, Sendable {
    package let seed: UInt64
    private var state: UInt64

    package init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// `bytes` damaged in the ways captures are: bits flipped, bytes set to extremes, runs cut out, doubled or cut off.
    package mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        for _ in 0...Int.random(in: 0..<4, using: &self) {
            guard !result.isEmpty else { return result }
            let position = Int.random(in: 0..<result.count, using: &self)
            switch UInt8.random(in: 0..<6, using: &self) {
            case 0, 1: result[position] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 2: result[position] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &self) ?? 0
            case 3: result.removeLast(result.count - position)
            case 4:
                let end = min(result.count, position + Int.random(in: 1...8, using: &self))
                result.removeSubrange(position..<end)
            default:
                let end = min(result.count, position + Int.random(in: 1...8, using: &self))
                result.insert(contentsOf: result[position..<end], at: position)
            }
        }
        return result
    }
}
