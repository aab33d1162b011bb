import StreamtopBase
import StreamtopModel

/// One end of a flow as the sender of data, whatever the transport, with all that a rule may ask about it. Reads the model,
/// derives nothing that the trackers should have measured.
///
/// Two dozen rules look at each case, none keeps it: it is lent to them, and holds no more of the flow than they ask about.
struct SenderCase: ~Copyable {
    let sender: Direction
    let figures: SenderFacts
    /// What only TCP tells: of this end, and of the receiver that advertises its window to it; nil for other transports.
    let tcp: TCPEndpointFacts?
    let peer: TCPEndpointFacts?
    /// Payload bytes of the other direction.
    let peerBytes: UInt64
    /// At least two timeouts fell within ten seconds, lately or, of a flow that ended, ever.
    let hadTimeoutBurst: Bool
    /// From the flow's first packet to its last.
    let life: Nanoseconds
    let vantage: Vantage?
    /// The facts that there are: rules that need others are not asked.
    let facts: Rule.Needs
    /// The end on this host, live. The capture sits behind its queue: what is queued towards it is this host's, never the path's.
    let hostEnd: Direction?
    /// Packets that this host dropped as they came, of all flows together, where it is the receiver; 0 where nobody counts.
    let droppedOnArrival: UInt64
    /// An end on this host, and what is set there.
    var local: LocalEnd? { localEnd?.value }
    /// The kernel's own share of time in which the window of the receiver held this sender, where it is on this host.
    let kernelReceiverShare: Double?
    private let localEnd: Boxed<LocalEnd>.Box?
    private let roundTrip: FlowRoundTrip
    private let queueDelay: BothDirections<QueueDelaySnapshot?>
    private let position = AddressOnly()

    init(flow: borrowing FlowSnapshot, sender: Direction, _ figures: SenderFacts, hadTimeoutBurst: Bool) {
        self.sender = sender
        self.figures = figures
        peerBytes = flow.uniqueBytes(sender.reversed)
        if let box = flow.$tcp {
            tcp = TCPEndpointFacts(box, sender)
            peer = TCPEndpointFacts(box, sender.reversed)
        } else {
            (tcp, peer) = (nil, nil)
        }
        self.hadTimeoutBurst = hadTimeoutBurst
        life = flow.end - flow.start
        vantage = flow.vantage
        hostEnd = flow.hostEnd
        droppedOnArrival = flow.hostEnd == sender.reversed ? flow.droppedOnArrival ?? 0 : 0
        localEnd = flow.$host == nil ? nil : LocalEnd(flow).map { Boxed.Box($0) }
        let kernel = flow.$kernel
        kernelReceiverShare = kernel?.value.side == sender ? kernel?.value.receiverLimitedShare : nil
        roundTrip = flow.roundTrip
        queueDelay = flow.queueDelay
        queue = Self.larger(flow.roundTrip, flow.queueDelay, but: flow.hostEnd)
        let hasQueue = queueDelay.client != nil || queueDelay.server != nil
        let own = figures.read {
            Rule.Needs(of: $0, hasQueue: hasQueue, isLimitKnown: Self.analysed($0.limitedBy) != nil)
        }
        facts = own.union(tcp?.needs(receiver: sender.reversed) ?? [])
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
    var baseRoundTrip: Nanoseconds? { roundTrip.base ?? roundTrip.handshake }

    /// The component of the round trip, seen from the capture point, with the larger queue.
    let queue: (span: Direction, delay: QueueDelaySnapshot, samples: Int)?

    /// `hostEnd`: the end that captures, whose component is its own queue and no path's.
    private static func larger(
        _ roundTrip: FlowRoundTrip, _ delay: BothDirections<QueueDelaySnapshot?>, but hostEnd: Direction?
    ) -> (span: Direction, delay: QueueDelaySnapshot, samples: Int)? {
        let client = hostEnd == .fromClient ? nil : delay.client
        let server = hostEnd == .fromServer ? nil : delay.server
        if let server, server.p95 > client?.p95 ?? .min {
            return (.fromServer, server, roundTrip.server?.samples ?? 0)
        }
        return client.map { (.fromClient, $0, roundTrip.client?.samples ?? 0) }
    }

    /// Which way the packets go that wait in the queue of `span`; nil where it was not measured.
    func direction(ofQueueIn span: Direction) -> Verdict.Travel? {
        guard let inbound = queueDelay[span]?.inboundShare else { return nil }
        if inbound > 0.3, inbound < 0.7 {
            // A flow that never met the empty path has seen too little of the queue to call it one of both.
            return roundTrip.sharedBase == nil ? .both : nil
        }
        let isFromDirection = inbound >= 0.7
        return isFromDirection == (span == .fromClient) ? .toServer : .toClient
    }

    /// Where on the path the queue of `span` stands, in words.
    func position(ofQueueIn span: Direction) -> String {
        let stretch = vantage == .middle ? " between the capture point and the \(name(of: span))" : ""
        switch direction(ofQueueIn: span) {
        case .toClient: return "in the queue towards the client\(stretch)"
        case .toServer: return "in the queue towards the server\(stretch)"
        case .both: return "in queues of both directions\(stretch)"
        case nil: return stretch.isEmpty ? "in a queue on the path" : "in a queue\(stretch)"
        }
    }

    /// The queue of `span` was measured to hold only what goes towards this sender: its acknowledgments wait, not its data.
    func holdsAcknowledgmentsOnly(queueOf span: Direction) -> Bool {
        direction(ofQueueIn: span) == (sender == .fromClient ? .toClient : .toServer)
    }

    // MARK: Limits

    /// Time over which the shares of limitation were counted; nil below three seconds, too short to judge.
    var analysed: Nanoseconds? { Self.analysed(figures.limitedBy) }

    private static func analysed(_ shares: LimitShares?) -> Nanoseconds? {
        guard let shares else { return nil }
        let time = saturatingAdd(saturatingAdd(shares.network, shares.receiver), shares.application)
        return time >= .seconds(3) ? time : nil
    }

    /// Share of the analysed time, 0 to 1.
    func share(_ part: (LimitShares) -> Nanoseconds) -> Double? {
        guard let shares = figures.limitedBy, let analysed else { return nil }
        return Double(part(shares)) / Double(analysed)
    }

    /// The network, not one of the ends, holds the sender back for most of the time. Without that knowledge, false: no
    /// advice to change the congestion control may stand on a guess.
    var isNetworkLimited: Bool {
        guard let shares = figures.limitedBy else { return false }
        return shares.network > saturatingAdd(shares.receiver, shares.application)
    }

    /// The advice to use BBR, where it can help: the network limits, the sender is not known to use it already.
    var bbrAdvice: String? {
        let name = figures.congestionControl?.name ?? .unknown
        guard isNetworkLimited, name != .bbr else { return nil }
        let unless = name == .unknown ? ", unless that is in use" : ""
        if tcp != nil, let local, local.end == sender, local.settings.congestionControl != nil { return local.bbr }
        guard tcp != nil else { return "At the sender (\(senderName)): BBR for its QUIC connections\(unless)." }
        return
            "At the sender (\(senderName)): net.ipv4.tcp_congestion_control=bbr with net.core.default_qdisc=fq\(unless)."
    }

    // MARK: Waits

    /// What the sender waited for, by whatever its transport tells it with.
    var waits: SenderWaits? {
        guard let tcp else { return figures.waits }
        var waits = SenderWaits()
        waits.timeouts = tcp.timeouts
        waits.longestBackoff = tcp.longestBackoff ?? 0
        waits.recoveries = tcp.recoveries ?? 0
        waits.tailRecoveries = tcp.tailRecoveries ?? 0
        if let peer {
            waits.withoutCredit = peer.zeroWindowTime
            waits.creditEpisodes = peer.zeroWindowEpisodes
        }
        waits.peerGone = tcp.peerGone
        return waits
    }

    var timerAdvice: String {
        tcp == nil
            ? "At the sender (\(senderName)): probe timers as RFC 9002 section 6.2 has them, and a keep-alive for responses that end."
            : "At the sender (\(senderName)): RACK and tail probes on (net.ipv4.tcp_recovery=1, tcp_early_retrans=3)."
    }

    // MARK: Repairs

    /// Packets sent again and those of them that were needless; where a transport sends no packet again, those that it held
    /// for lost and those that had arrived all the same.
    var repairs: (all: Int, needless: Int) {
        // Duplicate SACKs that belong to no retransmission report copies that the network made.
        guard let tcp else { return (figures.heldForLost ?? 0, figures.falselyHeld ?? 0) }
        return (tcp.retransmissions.packets, min(tcp.retransmissions.packets, tcp.retransmissions.spurious))
    }
    var reorderingAdvice: String {
        tcp == nil
            ? "At the sender (\(senderName)): a packet threshold that grows with the reordering seen (RFC 9002 section 6.1.1)."
            : "At the sender (\(senderName)): keep RACK on (net.ipv4.tcp_recovery=1), raise net.ipv4.tcp_reordering."
    }

    var repairsName: String { tcp == nil ? "packets held for lost" : "retransmissions" }

    // MARK: Trust

    /// Share of the sender's data that the receiver acknowledged and the capture does not hold.
    var missedShare: Double {
        let missed = Double(figures.missedBytes)
        let all = missed + Double(figures.uniqueBytes)
        return all > 0 ? missed / all : 0
    }

    /// Loss, flight and what follows from them can be trusted.
    var isCaptureComplete: Bool { missedShare <= CaptureRules.missed.value / 100 }

    /// How much of its certainty a verdict keeps where the capture point is not known, and where other flows share the path:
    /// their queue is this flow's, too, and it sees little of it. Own: half of the wrong verdicts on the lab's paths with several
    /// flows were of such.
    private static let unknownVantage = 0.7
    private static let sharedPath = 0.7

    /// From 0 to 1: enough samples, a known vantage, a path of its own.
    func confidence(samples: Int, enough: Int) -> Double {
        let amount = min(1, Double(samples) / Double(max(enough, 1)))
        return amount * (vantage == nil ? Self.unknownVantage : 1)
            * (roundTrip.sharedBase == nil ? 1 : Self.sharedPath)
    }
}
