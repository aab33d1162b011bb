import StreamtopBase
import StreamtopModel

/// What is known of a flow's buffers beside what its packets tell: nothing, offline.
package struct LadderFacts {
    /// The end on the host that captures.
    package var near: Direction?
    @Boxed package var socket: KernelSocket?
    /// Bytes a second over the last second.
    package var acknowledgedPerSecond: Double?
    package var readPerSecond: Double?
    /// The UDP socket of the near end.
    package var datagramSocket: DatagramSocket?
    @Boxed package var host: HostSnapshot?
    /// Devices of this host that the flow's packets leave by.
    package var devices: [String] = []
    /// Devices of this host that packets towards the near end's socket leave by, where it is in another namespace.
    package var devicesInward: [String] = []
    /// The flow is over: nothing waits in it any more.
    package var hasEnded = false

    package init() {}
}

/// Rungs of one direction, with what they come to. Not copied: its array would be, when it is handed over.
struct LadderRungs: ~Copyable {
    private(set) var buffers: [BufferSnapshot] = []
    private var unread: [BufferSnapshot.Layer] = []
    /// A rung whose bytes do not move at all.
    private var held: (layer: BufferSnapshot.Layer, bytes: Int)?
    private let travel: BufferTravel

    /// Named from this much on, and this share of the total (contract, Readings).
    static let least: Nanoseconds = .milliseconds(3)
    static let leastShare = 10

    init(_ travel: BufferTravel) { self.travel = travel }

    var isEmpty: Bool { buffers.isEmpty }

    mutating func append(_ rung: consuming BufferSnapshot) {
        rung.direction = travel
        if rung.delay == nil { miss(rung.layer) }
        // Without the host's own there are two at most.
        if buffers.isEmpty { buffers.reserveCapacity(4) }
        buffers.append(consume rung)
    }

    /// The rungs, with those of the other direction behind them.
    consuming func takeBuffers(before others: borrowing LadderRungs) -> [BufferSnapshot] {
        var all = buffers
        buffers = []
        for rung in others.buffers { all.append(rung) }  // a handful, for which there is room
        return all
    }

    /// A rung that exists and cannot be read.
    mutating func miss(_ layer: BufferSnapshot.Layer) { if !unread.contains(layer) { unread.append(layer) } }

    /// The bytes of that rung stand still. `outranks`: it is what keeps those before it from moving.
    mutating func hold(_ layer: BufferSnapshot.Layer, bytes: Int, outranks: Bool = false) {
        if outranks || held == nil || bytes > held?.bytes ?? 0 {
            held = (layer, outranks ? .max : bytes)
        }
    }

    /// nil where nothing of the direction is known.
    var sum: LadderSnapshot.Sum? {
        guard !buffers.isEmpty else { return nil }
        let isAtLeast = !unread.isEmpty
        var total: Nanoseconds?
        var isAtMost = false
        for rung in buffers {
            guard let delay = rung.delay else { continue }
            // A figure that may be too large has no place in a sum that is too small.
            if isAtLeast, rung.bound == .atMost { continue }
            total = saturatingAdd(total ?? 0, delay)
            if rung.bound == .atMost { isAtMost = true }
        }
        return LadderSnapshot.Sum(
            total: total, bound: isAtLeast ? .atLeast : isAtMost ? .atMost : .measured,
            largest: largest(of: total ?? 0), unread: unread)
    }

    private func largest(of total: Nanoseconds) -> BufferSnapshot.Layer? {
        if let held { return held.layer }
        var best: (layer: BufferSnapshot.Layer, wait: Nanoseconds)?
        for rung in buffers where !rung.isPaced {
            guard let wait = rung.layer == .path ? rung.queue : rung.delay else { continue }
            if wait > best?.wait ?? 0 { best = (rung.layer, wait) }
        }
        guard let best, best.wait >= Self.least, best.wait >= total / Int64(Self.leastShare) else { return nil }
        return best.layer
    }
}
