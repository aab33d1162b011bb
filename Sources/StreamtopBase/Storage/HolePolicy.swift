/// How long an assembler waits for bytes that have not come, and how much it holds behind them.
package struct HolePolicy: Equatable, Sendable {
    /// What happens when as much is held as may be.
    package enum Full: Equatable, Sendable {
        /// The first hole becomes a gap, and what lies behind it is handed on.
        case giveUpHole
        /// New bytes are refused and counted.
        case refuse
    }

    /// A byte behind the hole was acknowledged by its receiver: the missing ones came to it and not to us.
    package var endsWhenAcknowledged = false
    /// A hole older than this is the capture's, not the network's.
    package var age = Nanoseconds.max
    /// Bytes held, with `ByteAssembler.stretchCost` for each stretch of them.
    package var bytes: UInt32
    /// Stretches held, each with a hole before it.
    package var stretches: UInt16 = 256
    package var full = Full.giveUpHole
    /// How far ahead of the next byte bytes are taken; those beyond are refused.
    package var reach = UInt64.max

    /// A hole is given up when its receiver acknowledges bytes behind it, or when `bytes` are held.
    package static func untilAcknowledged(bytes: UInt32) -> HolePolicy {
        HolePolicy(endsWhenAcknowledged: true, bytes: bytes)
    }

    /// A hole is given up when it is older than `age`, or when `bytes` are held.
    package static func until(age: Nanoseconds, bytes: UInt32) -> HolePolicy {
        HolePolicy(age: age, bytes: bytes)
    }

    /// A hole stays until it is filled; when `bytes` are held, `full` says what happens.
    package static func until(bytes: UInt32, full: Full) -> HolePolicy {
        HolePolicy(bytes: bytes, full: full)
    }
}
