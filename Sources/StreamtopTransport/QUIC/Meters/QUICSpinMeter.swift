import StreamtopBase

/// Round trips from the spin bit (RFC 9000 section 17.4, RFC 9312 section 3.8.2): the server sends the bit back, the
/// client inverts it, so that in each direction it changes once a round trip.
///
/// Three filters: an edge right behind another is a reordered packet and is taken back; a sample far above the median is
/// an idle sender; and a bit that changes at random (a greasing end) is no signal at all.
struct QUICSpinMeter: Sendable {
    /// The shortest time between two edges that counts, whatever the round trip is.
    private static let holdFloor: Nanoseconds = .milliseconds(1)
    private static let recentCount = 20
    /// Edges before participation can be told.
    private static let minimumEdges = 5

    private struct Lane: Sendable {
        var isStarted = false
        var value = false
        var lastEdge: Timestamp?
        var lastPacket = Timestamp(nanoseconds: 0)
        var packets = 0
        var spins = 0
    }

    private var client = Lane()
    private var server = Lane()
    private var recent: [Nanoseconds] = []
    private var nextRecent = 0
    private(set) var edges = 0
    private(set) var rejected = 0
    /// The loop as the handshake measured it.
    private var handshakeLoop: Nanoseconds?

    init() {}

    /// What a packet's bit measured.
    struct Reading: Equatable, Sendable {
        /// The whole loop, from edge to edge of one direction.
        var loop: Nanoseconds?
        /// From an edge towards the server to the same value on its way back, or from an edge towards the client to the
        /// inverted value: the component RTT between the capture point and that end.
        var component: Nanoseconds?
    }

    /// Takes the bit of one short-header packet. `handshake` is the handshake's round trip, nil when unknown.
    mutating func observe(
        _ spin: Bool, from direction: Direction, at time: Timestamp, handshake: Nanoseconds?
    ) -> Reading {
        if let handshake { handshakeLoop = handshake }
        var lane = direction == .fromClient ? client : server
        defer { if direction == .fromClient { client = lane } else { server = lane } }
        lane.packets &+= 1
        let silence = time - lane.lastPacket
        lane.lastPacket = time
        guard lane.isStarted else {
            lane.isStarted = true
            lane.value = spin
            return Reading()
        }
        guard spin != lane.value else { return Reading() }
        lane.spins &+= 1
        let typical = median
        if let last = lane.lastEdge, time - last < max(Self.holdFloor, (typical ?? 0) / 4) {
            // Turned back at once: packets around the edge changed places. Keep the edge, forget this one.
            rejected += 1
            return Reading()
        }
        lane.value = spin
        edges += 1
        defer { lane.lastEdge = time }
        var reading = Reading()
        let isIdle = typical.map { silence > $0 / 2 } ?? false
        if let last = lane.lastEdge { reading.loop = accepted(time - last, isIdle: isIdle, handshake: handshake) }
        let other = direction == .fromClient ? server : client
        // The server copies the bit, the client inverts it.
        let answers = direction == .fromServer ? other.value == spin : other.value != spin
        if answers, let asked = other.lastEdge, reading.loop != nil || lane.lastEdge == nil, asked < time {
            let component = time - asked
            if component <= reading.loop ?? .max { reading.component = component }
        }
        return isUsed ? reading : Reading()
    }

    private mutating func accepted(_ sample: Nanoseconds, isIdle: Bool, handshake: Nanoseconds?) -> Nanoseconds? {
        // Bounded by the length of a capture, so the products stay in range.
        let sample = min(sample, .seconds(1_000_000))
        let limit = max(4 * (median ?? sample), 8 * min(handshake ?? 0, .seconds(10)))
        guard sample > 0, sample <= limit, !isIdle || sample <= 2 * (median ?? 0) else {
            rejected += 1
            return nil
        }
        if recent.count < Self.recentCount {
            recent.append(sample)
        } else {
            recent[nextRecent] = sample
            nextRecent = (nextRecent + 1) % Self.recentCount
        }
        return sample
    }

    private var median: Nanoseconds? {
        guard recent.count >= 3 else { return nil }
        return recent.sorted()[recent.count / 2]
    }

    /// Both ends take part: enough edges, and not those of a coin toss, which changes at every other packet and so mostly
    /// right after it has changed.
    var isUsed: Bool {
        guard edges >= Self.minimumEdges, client.spins > 0, server.spins > 0 else { return false }
        if (client.spins + server.spins) * 5 <= client.packets + server.packets { return true }
        // With few packets a round trip the bit changes often, too; but no loop is shorter than the path.
        guard let handshakeLoop, let median else { return false }
        return median * 2 >= handshakeLoop  // a sample is bounded, see `accepted`
    }
}
