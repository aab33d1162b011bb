import StreamtopBase
import StreamtopModel

/// The buffers of a flow on one scale: how long a byte waits in each.
///
/// What is known in bytes is turned into time by the rate at which the bytes leave: a buffer of 58 KiB that is read at
/// 243 kb/s holds two seconds, whatever its size.
struct BufferLadder {
    struct Rung {
        var buffer: BufferSnapshot
        var delay: Nanoseconds?

        /// The road itself is no buffer: of the path only what is above it waits.
        var waiting: Nanoseconds? { buffer.queue ?? delay }
    }

    var rungs: [Rung]
    /// The rung in which most time is spent; nil while no time is known.
    var largest: Int?

    init(_ flow: FlowSnapshot) {
        // Where the ladder was summed up, what has no time in it has none that can be known.
        let isSummed = flow.ladder != nil
        rungs = flow.buffers.map { buffer in
            Rung(buffer: buffer, delay: buffer.delay ?? (isSummed ? nil : Self.drainTime(buffer, flow)))
        }
        if let ladder = flow.ladder {
            largest = rungs.indices.filter { position in
                let buffer = rungs[position].buffer
                return buffer.direction.map { ladder[$0]?.largest == buffer.layer } ?? false
            }.max { (rungs[$0].delay ?? .max) < (rungs[$1].delay ?? .max) }
            return
        }
        // What is held back on purpose, to pace it, is not in a queue.
        largest = rungs.indices.filter { (rungs[$0].delay ?? 0) > 0 && !rungs[$0].buffer.isPaced }.max {
            (rungs[$0].delay ?? 0) < (rungs[$1].delay ?? 0)
        }
    }

    /// The part of the longest wait that a rung has.
    func share(_ rung: Rung) -> Double {
        guard let delay = rung.delay, let most = rungs.compactMap(\.delay).max(), most > 0 else { return 0 }
        return Double(delay) / Double(most)
    }

    /// How long the bytes in a buffer take to leave it. They leave at the rate that the other end sends at: over a while
    /// no buffer is read faster than it is filled.
    private static func drainTime(_ buffer: BufferSnapshot, _ flow: FlowSnapshot) -> Nanoseconds? {
        guard let bytes = buffer.occupiedBytes else { return nil }
        guard bytes > 0 else { return 0 }
        let sender: Direction = buffer.location == "client" ? .fromServer : .fromClient
        let end = flow.end(sender)
        let seconds = flow.age.seconds
        let mean = seconds > 0 ? Double(end.payloadBytes) * 8 / seconds : 0
        let rate = max(flow.tcp?[sender].goodput ?? 0, 0)
        let drain = rate > 0 ? rate : mean
        guard drain > 0 else { return nil }
        let wait = Double(bytes) * 8 / drain
        return wait < 86_400 ? Nanoseconds(wait * 1e9) : nil
    }
}
