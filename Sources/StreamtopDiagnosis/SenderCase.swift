import StreamtopBase
import StreamtopModel

/// One end of a TCP flow as the sender of data, with all that a rule may ask about it. Reads the model, derives nothing
/// that the trackers should have measured.
///
/// A class because two dozen rules look at each case: sharing it costs less than copying it. It holds no more of the flow
/// than they ask about, for the same reason.
final class SenderCase {
    let sender: Direction
    /// The sender, and the receiver that advertises its window to it.
    let side: TCPSideSnapshot
    let peer: TCPSideSnapshot
    /// At least two timeouts fell within ten seconds, lately or, of a flow that ended, ever.
    let hadTimeoutBurst: Bool
    /// From the flow's first packet to its last.
    let life: Nanoseconds
    let vantage: Vantage?
    private let roundTrip: FlowRoundTrip
    private let queueDelay: BothWays<QueueDelaySnapshot?>

    init(flow: borrowing FlowSnapshot, tcp: borrowing TCPSnapshot, sender: Direction, hadTimeoutBurst: Bool) {
        self.sender = sender
        side = sender == .fromClient ? tcp.client : tcp.server
        peer = sender == .fromClient ? tcp.server : tcp.client
        self.hadTimeoutBurst = hadTimeoutBurst
        life = flow.end - flow.start
        vantage = tcp.vantage
        roundTrip = flow.roundTrip
        queueDelay = flow.queueDelay
    }

    // MARK: Who

    var senderName: String { name(of: sender) }
    var receiverName: String { name(of: sender.reversed) }
    var senderSubject: Verdict.Subject { sender == .fromClient ? .client : .server }
    var receiverSubject: Verdict.Subject { sender == .fromClient ? .server : .client }

    func name(of end: Direction) -> String { end == .fromClient ? "client" : "server" }

    /// The capture was taken at the sender itself.
    var isTapAtSender: Bool {
        vantage == .loopback || vantage == (sender == .fromClient ? .client : .server)
    }

    // MARK: Round trip

    /// Base of the whole loop, as far as it is known.
    var baseRoundTrip: Nanoseconds? {
        if let total = roundTrip.total { return total.minimum }
        guard let client = roundTrip.client, let server = roundTrip.server else {
            return roundTrip.handshake
        }
        return saturatingAdd(client.minimum, server.minimum)
    }

    /// The half of the loop, seen from the capture point, with the larger queue.
    var queue: (half: Direction, delay: QueueDelaySnapshot, samples: Int)? {
        let halves: [(Direction, QueueDelaySnapshot?, RoundTripSnapshot?)] = [
            (.fromClient, queueDelay.client, roundTrip.client),
            (.fromServer, queueDelay.server, roundTrip.server),
        ]
        var best: (half: Direction, delay: QueueDelaySnapshot, samples: Int)?
        for case (let half, let delay?, let trip) in halves {
            if let best, best.delay.p95 >= delay.p95 { continue }
            best = (half, delay, trip?.samples ?? 0)
        }
        return best
    }

    /// Where on the path the queue of `half` stands, in words.
    func place(ofQueueIn half: Direction) -> String {
        if vantage == .middle { return "between the capture point and the \(name(of: half))" }
        return half == sender
            ? "in the path queue from the \(senderName)" : "in the path queue towards the \(receiverName)"
    }

    // MARK: Limits

    /// Time over which the shares of limitation were counted; nil below three seconds, too short to judge.
    var analysed: Nanoseconds? {
        guard let shares = side.limitedBy else { return nil }
        let time = saturatingAdd(saturatingAdd(shares.network, shares.receiver), shares.application)
        return time >= .seconds(3) ? time : nil
    }

    /// Share of the analysed time, 0 to 1.
    func share(_ part: (LimitShares) -> Nanoseconds) -> Double? {
        guard let shares = side.limitedBy, let analysed else { return nil }
        return Double(part(shares)) / Double(analysed)
    }

    /// The network, not one of the ends, holds the sender back for most of the time. Without that knowledge, false: no
    /// advice to change the congestion control may stand on a guess.
    var isNetworkLimited: Bool {
        guard let shares = side.limitedBy else { return false }
        return shares.network > saturatingAdd(shares.receiver, shares.application)
    }

    /// The advice to use BBR, where it can help: the network limits, the sender is not known to use it already.
    var bbrAdvice: String? {
        let name = side.congestionControl?.name ?? .unknown
        guard isNetworkLimited, name != .bbr else { return nil }
        let unless = name == .unknown ? ", unless that is in use" : ""
        return
            "At the sender (\(senderName)): net.ipv4.tcp_congestion_control=bbr with net.core.default_qdisc=fq\(unless)."
    }

    // MARK: Trust

    /// Share of the sender's data that the receiver acknowledged and the capture does not hold.
    var missedShare: Double {
        let missed = Double(side.lostBeforeCaptureBytes)
        let all = missed + Double(side.uniqueBytes)
        return all > 0 ? missed / all : 0
    }

    /// Loss, flight and what follows from them can be trusted.
    var isCaptureComplete: Bool { missedShare <= CaptureRules.missed.value / 100 }

    /// From 0 to 1: enough samples, a known vantage.
    func confidence(samples: Int, enough: Int) -> Double {
        min(1, Double(samples) / Double(max(enough, 1))) * (vantage == nil ? 0.7 : 1)
    }
}
