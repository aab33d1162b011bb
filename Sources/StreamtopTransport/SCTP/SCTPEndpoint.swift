import StreamtopBase
import StreamtopModel
import StreamtopWire

/// One end of an association: what it sent as data, and what it says of the data that it received.
struct SCTPEndpoint: ~Copyable {
    /// Own, as rule 55 of the handbook asks: a silence shorter than this is no timeout's.
    private static let shortestTimeout: Nanoseconds = .milliseconds(200)

    private(set) var facts = SCTPSnapshot.End()
    private var sent = SCTPSentChunks()
    private var highest: UInt32?
    /// What the peer has acknowledged.
    private var acknowledged: UInt32?
    /// From the tap to the peer of this end and back.
    private(set) var roundTrips = RoundTripSamples()
    private var heartbeats: [(hash: UInt64, time: Timestamp)] = []

    init() {}

    var heldBytes: Int { sent.heldBytes }

    mutating func note(_ initiation: SCTPInitiation) {
        facts.maximumReceiveWindow = max(facts.maximumReceiveWindow ?? 0, initiation.receiveWindow)
        // A new association: its TSNs have nothing to do with those before.
        sent.removeAll()
        highest = nil
        acknowledged = nil
    }

    /// A chunk of data; true when it is seen for the first time.
    mutating func send(_ chunk: SCTPDataChunk, at time: Timestamp) -> Bool {
        facts.dataChunks &+= 1
        if let acknowledged, acknowledged.isAtOrAfter(chunk.tsn) {
            // Acknowledged already: repeated for nothing, or a sender that began anew.
            guard acknowledged.distance(after: chunk.tsn) > 1 << 20 else {
                facts.retransmitted &+= 1
                return false
            }
            sent.removeAll()
            self.acknowledged = nil
        }
        guard let before = sent.send(chunk.tsn, at: time) else {
            facts.bytes &+= UInt64(max(0, chunk.userBytes))
            if highest.map({ chunk.tsn.isAfter($0) }) ?? true { highest = chunk.tsn }
            return true
        }
        facts.retransmitted &+= 1
        if before.missed >= 3 || before.isReported {
            if !before.isReported { facts.fastRetransmissions &+= 1 }
            return false
        }
        let silence = time - before.last
        if silence >= max(Self.shortestTimeout, 3 * (roundTrips.smoothed ?? 0)) {
            facts.timeouts &+= 1
            facts.longestTimeout = max(facts.longestTimeout ?? 0, silence)
        }
        return false
    }

    /// The peer of this end acknowledges.
    @_lifetime(gaps: copy gaps)
    mutating func acknowledge(_ ack: SCTPSelectiveAck, gaps: inout ByteReader, at time: Timestamp) {
        // A number far away is another association's, or no SACK.
        if let highest, ack.cumulativeTSN.distance(after: highest) > 1 << 20 { return }
        if acknowledged.map({ ack.cumulativeTSN.isAfter($0) }) ?? true { acknowledged = ack.cumulativeTSN }
        var sample: Nanoseconds?
        sent.acknowledge(upTo: ack.cumulativeTSN) { chunk, isHeldBack in
            // Karn's rule, and no sample from a SACK that waited for an earlier chunk's repair.
            if chunk.transmissions == 1, !isHeldBack { sample = time - chunk.sent }
        }
        if let sample { roundTrips.record(sample, at: time) }
        var top: UInt32?
        var blocks = 0
        var fresh = 0
        while blocks < ack.gaps, let gap = SCTPSelectiveAck.nextGap(&gaps) {
            let first = ack.cumulativeTSN &+ UInt32(gap.start)
            let last = ack.cumulativeTSN &+ UInt32(gap.end)
            fresh += sent.report(first, last)
            top = last
            blocks += 1
        }
        if let top, fresh > 0 { sent.miss(below: top) }
    }

    /// This end acknowledges what its peer sent.
    mutating func note(_ ack: SCTPSelectiveAck) {
        facts.selectiveAcks &+= 1
        facts.gapReports &+= UInt64(ack.gaps)
        facts.duplicates &+= UInt64(ack.duplicates)
        var window = facts.receiveWindow ?? .init(ack.receiveWindow)
        window.last = ack.receiveWindow
        window.minimum = min(window.minimum, ack.receiveWindow)
        window.maximum = max(window.maximum, ack.receiveWindow)
        facts.receiveWindow = window
    }

    mutating func forward(_ forward: SCTPForwardTSN) {
        facts.forwardTSNs &+= 1
        facts.abandoned &+= UInt64(sent.abandon(upTo: forward.cumulativeTSN))
    }

    /// Heartbeats carry what only their sender understands; the answer repeats it.
    mutating func sendHeartbeat(_ hash: UInt64, at time: Timestamp) {
        if heartbeats.count == 8 { heartbeats.removeFirst() }
        heartbeats.append((hash, time))
    }

    mutating func answerHeartbeat(_ hash: UInt64, at time: Timestamp) {
        guard let index = heartbeats.firstIndex(where: { $0.hash == hash }) else { return }
        roundTrips.record(time - heartbeats[index].time, at: time)
        heartbeats.remove(at: index)
    }

    mutating func recordHandshake(_ trip: Nanoseconds, at time: Timestamp) { roundTrips.record(trip, at: time) }
}
