import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// Both directions of one TCP flow: what its segments tell an observer anywhere on the path.
///
/// Each end is a `TCPEndpoint`, seen as a sender of data. A segment is first an answer to what the other end sent, then data
/// of its own (`step`). Everything said of a sender is said of what it *knew when it sent* (decision 0020), and that
/// depends on where the capture was taken:
///
///        sender                 capture                receiver
///          |       data 1          |                       |
///          |---------------------->|- - - - - - - - - - - >|
///          |                       |        ack 1          |
///          |                       |<- - - - - - - - - - - |     passes here now,
///          |       data 2          |                       |
///          |---------------------->|                       |     sent without knowing of it,
///          |<- - - - - - - - - - - |                       |
///          |       data 3          |                       |
///          |---------------------->|                       |     sent knowing of it
///
/// At the sender's own host an acknowledgment that passes is known at once. Farther away it waits in the
/// `TCPAcknowledgmentLog` until a segment echoes its timestamp, or until the round trip to the sender is over. The view that
/// results (`SenderView`) is the same for one flow at every capture point, and so is what the meters make of it: flight,
/// window, cause of a repetition, what held the sender.
///
/// Where the capture lies (`vantage`) follows from the two component RTTs: an end with a small one is near.
///
/// Observes, never polices: gaps, mid-stream pickup, one direction only, copies and lies become counts.
package struct TCPFlowTracker: ~Copyable {
    // What every segment touches comes first.

    /// When the newest segment passed.
    private(set) var lastTime: Timestamp
    private(set) var connection = TCPConnectionState.opening
    /// Established, and nothing of the handshake is still to come.
    private var isPlain = false
    var vantage: Vantage?
    var multipath = false
    package var localHint: LocalHint? {
        didSet { locate() }
    }
    var shared = TCPSharedMeters()
    var client = TCPEndpoint()
    var server = TCPEndpoint()
    var handshake = TCPHandshakeMeter()
    let start: Timestamp
    private var synOrigin: Direction?
    private(set) var firstFin: Direction?
    private var clockEpoch: UInt8 = 0
    /// A step back of this much is not disorder among packets.
    private static let disorder = Nanoseconds.milliseconds(1)
    private static let clockStep = Nanoseconds.seconds(10)
    /// Round trips up to this are a host talking to itself, 0.1 ms: own, measured by captures in the lab's senders, which
    /// answer within 60 us.
    private static let sameHost: Nanoseconds = 100_000

    /// Which ends are addresses of the host that captures, where the engine knows; decides the vantage.
    package struct LocalHint: Equatable, Sendable {
        package var client: Bool
        package var server: Bool
        package init(client: Bool, server: Bool) {
            self.client = client
            self.server = server
        }
    }

    package init(start: Timestamp) {
        self.start = start
        lastTime = start
    }

    package var state: FlowState { connection.flowState }

    /// A segment of this flow comes soon, from that end, with payload or without: fetches what it will need outside of
    /// the tracker itself.
    package func prefetch(from direction: Direction, hasPayload: Bool) {
        if direction == .fromClient {
            client.prefetchSending(hasPayload: hasPayload)
            server.prefetchAnswered()
        } else {
            server.prefetchSending(hasPayload: hasPayload)
            client.prefetchAnswered()
        }
    }

    /// The kernel of the end `near` says how the windows are scaled, its own and its peer's: for a connection whose SYNs
    /// nobody captured.
    package mutating func adoptScales(own: UInt8, peer: UInt8, of near: Direction) {
        let (clientShift, serverShift) = near == .fromClient ? (own, peer) : (peer, own)
        if client.windowShift == nil { client.windowShift = min(clientShift, 14) }
        if server.windowShift == nil { server.windowShift = min(serverShift, 14) }
    }

    /// The client turned out to be the server.
    package mutating func exchangeEnds() {
        swap(&client, &server)
        if let origin = synOrigin { synOrigin = origin.reversed }
        if let first = firstFin { firstFin = first.reversed }
        if case .closing(let by) = connection { connection = .closing(by: by.reversed) }
        if let hint = localHint { localHint = LocalHint(client: hint.server, server: hint.client) }
        locate()
    }

    /// One segment of the flow, sent in the direction and at the time of `now`. What is worth telling goes to its events, and
    /// `.established` to its signals.
    ///
    /// `isTimed`: the stamp can be measured by. `clockEpoch` changes when the capture's clock was set: nothing is measured
    /// across that.
    @inline(__always)
    package mutating func observe(
        _ frame: borrowing DecodedFrame, _ now: inout Observation, isTimed: Bool = true,
        clockEpoch: UInt8 = 0
    ) {
        // In a plain connection nothing of the handshake is touched: it lies far from what a segment needs.
        let mayEstablish = !isPlain && !handshake.isComplete
        follow(frame, &now, isTimed: isTimed, clockEpoch: clockEpoch)
        if mayEstablish, handshake.isComplete { now.signal(.established) }
    }

    @inline(never)
    private mutating func follow(
        _ frame: borrowing DecodedFrame, _ now: inout Observation, isTimed: Bool, clockEpoch: UInt8
    ) {
        let (direction, stamp) = (now.direction, now.time)
        var time = stamp
        let lag = lastTime - stamp
        if clockEpoch != self.clockEpoch || !isTimed || lag > Self.disorder {
            self.clockEpoch = clockEpoch
            // After a step of its own the flow's time is the new one.
            shared.timedFrom = (lag < Self.clockStep ? max(stamp, lastTime) : stamp) + 1
        }
        if stamp < lastTime {
            shared.anomalies.record(.timestampBackwards)
            // A little is packets out of order, which time waits for; much is a clock that was set, or a wild stamp before.
            if lastTime - stamp < Self.clockStep { time = lastTime }
        }
        lastTime = time
        if frame.tcp.options.malformed { shared.anomalies.record(.badOptions) }
        if frame.tcp.options.multipath { multipath = true }
        if !isPlain || !frame.tcp.flags.isDisjoint(with: [.syn, .fin, .rst]) {
            observeFlags(frame, direction: direction, at: time, stamp: stamp, &now)
        }
        let samples = client.roundTrip.count &+ server.roundTrip.count
        let clientDistance = Self.distance(
            to: client, isNear: vantage == .client, isLocal: localHint != nil)
        let serverDistance = Self.distance(
            to: server, isNear: vantage == .server, isLocal: localHint != nil)
        if direction == .fromClient {
            let passage = TCPPassage(
                direction: direction, time: time, senderDistance: clientDistance,
                peerDistance: serverDistance)
            Self.step(&client, &server, frame, passage, &shared, &now)
        } else {
            let passage = TCPPassage(
                direction: direction, time: time, senderDistance: serverDistance,
                peerDistance: clientDistance)
            Self.step(&server, &client, frame, passage, &shared, &now)
        }
        // Where the capture lies follows from the samples: without a new one it lies where it did.
        let known = client.roundTrip.count &+ server.roundTrip.count
        if known != samples && known < 64 || vantage == nil { locate() }
    }

    @inline(__always)
    private static func distance(to end: borrowing TCPEndpoint, isNear: Bool, isLocal: Bool) -> CaptureDistance {
        // Near by its hop limit alone, its distance is not known: nothing can be timed by it.
        guard isNear, isLocal || end.roundTrip.hasSample else { return .far }
        return isLocal || end.roundTrip.minimum <= Self.sameHost ? .host : .near
    }

    /// An ICMP message says that a packet of this flow, sent in `direction`, was too big for the next hop.
    package mutating func observeTooBig(from direction: Direction) {
        if direction == .fromClient {
            client.openRareMeters()
            client.rareMeters.value.blackHole.isExplained = true
        } else {
            server.openRareMeters()
            server.rareMeters.value.blackHole.isExplained = true
        }
    }

    /// A SYN that begins another connection on the same ports: its number is neither that of the SYN before nor inside
    /// the window, or the old connection is over or has been silent for a minute.
    package func isNewConnection(_ frame: borrowing DecodedFrame, direction: Direction) -> Bool {
        let flags = frame.tcp.flags
        guard flags.isSyn, !flags.isAck, !flags.isRst else { return false }
        let sequence = frame.tcp.sequence
        let (started, initial, low, high, synSeen) =
            direction == .fromClient
            ? (client.started, client.initialSequence, client.acknowledged, client.next, client.synSeen)
            : (server.started, server.initialSequence, server.acknowledged, server.next, server.synSeen)
        if connection.isOver { return !synSeen || sequence != initial }
        guard started else { return false }
        if synSeen, sequence == initial { return false }
        // Captured behind its answer, a SYN lies one below what was acknowledged.
        let first = synSeen ? sequence : sequence &+ 1
        return !(first.isAtOrAfter(low) && (high &+ 0x10000).isAfter(sequence))
    }

    // MARK: Flags and handshake

    private mutating func observeFlags(
        _ frame: borrowing DecodedFrame, direction: Direction, at time: Timestamp, stamp: Timestamp,
        _ now: inout Observation
    ) {
        let flags = frame.tcp.flags
        if flags.isSyn {
            if flags.isFin || flags.isRst {
                shared.anomalies.record(.strangeFlags)
            } else if flags.isAck, isBehindItsAnswer(frame, from: direction) {
                handshake.observeLateAnswer(at: stamp)
                now.tell(
                    .handshakeStep(step: .tcpSynAck, from: direction, bytes: frame.payloadLength, encrypted: false))
                now.tell(.established(handshake: nil))
            } else if flags.isAck {
                handshake.observeAnswer(frame.tcp.options, at: stamp)
                now.tell(
                    .handshakeStep(step: .tcpSynAck, from: direction, bytes: frame.payloadLength, encrypted: false))
                if let sample = handshake.toServer { seed(direction, sample, at: time) }
            } else {
                handshake.observeSyn(frame.tcp.options, at: stamp)
                synOrigin = direction
                now.tell(
                    .handshakeStep(step: .tcpSyn, from: direction, bytes: frame.payloadLength, encrypted: false))
            }
            takeOptions(of: frame, direction: direction, at: time)
        } else if !handshake.isComplete, flags.isAck, !flags.isRst, synOrigin == direction,
            handshake.observeCompletion(frame.tcp.options, hasPayload: frame.payloadLength > 0, at: stamp)
        {
            now.tell(.handshakeStep(step: .tcpAck, from: direction, bytes: 0, encrypted: false))
            if let sample = handshake.toClient { seed(direction, sample, at: time) }
            if vantage == .middle, shared.loop.isEmpty, let whole = handshake.total {
                shared.loop.fill(RoundTripMeter())
                shared.loop.value.record(whole, source: .tcpHandshake, at: time)
                shared.loop.value.smooth(whole)
            }
            now.tell(.established(handshake: handshake.total))
        }
        if flags.isFin, firstFin == nil { firstFin = direction }
        if flags.isRst, connection == .opening, !resetAnswersOpening(frame, from: direction) {
            shared.anomalies.record(.resetIgnored)
        } else {
            connection.observe(flags, from: direction)
        }
        isPlain = connection == .established && (handshake.isComplete || synOrigin == nil)
    }

    /// The SYN-ACK was acknowledged before it passed: the directions are not stamped by one clock, or it was captured late.
    private func isBehindItsAnswer(_ frame: borrowing DecodedFrame, from direction: Direction) -> Bool {
        let (started, synSeen, first) =
            direction == .fromClient
            ? (client.started, client.synSeen, client.initialSequence)
            : (server.started, server.synSeen, server.initialSequence)
        return started && !synSeen && first == frame.tcp.sequence &+ 1
    }

    /// A reset ends an attempt only if it acknowledges the SYN, or data sent with it (RFC 9293 section 3.10.7.3); others are
    /// answers to an older connection. The attempt's own end may give it up.
    private func resetAnswersOpening(_ frame: borrowing DecodedFrame, from direction: Direction) -> Bool {
        let opener = direction == .fromClient ? server.synSeen : client.synSeen
        let own = direction == .fromClient ? client.synSeen : server.synSeen
        guard opener, !own else { return true }
        guard frame.tcp.flags.isAck else { return false }
        let number = frame.tcp.acknowledgment
        let first = direction == .fromClient ? server.initialSequence : client.initialSequence
        let next = direction == .fromClient ? server.next : client.next
        // `next` is past the SYN and the data that came with it.
        return number.isAfter(first) && (number == first &+ 1 || !number.isAfter(next))
    }

    private mutating func seed(_ end: Direction, _ sample: Nanoseconds, at time: Timestamp) {
        if end == .fromClient {
            guard !client.roundTrip.hasSample else { return }
            client.roundTrip.record(sample, source: .tcpHandshake, at: time)
            client.roundTrip.smooth(sample)
        } else {
            guard !server.roundTrip.hasSample else { return }
            server.roundTrip.record(sample, source: .tcpHandshake, at: time)
            server.roundTrip.smooth(sample)
        }
        locate()
    }

    private mutating func takeOptions(of frame: borrowing DecodedFrame, direction: Direction, at time: Timestamp) {
        let isLate = frame.tcp.flags.isAck && isBehindItsAnswer(frame, from: direction)
        if direction == .fromClient {
            client.takeSyn(frame, at: time)
            server.peerSegmentSize = UInt32(frame.tcp.options.maximumSegmentSize ?? 536)
        } else {
            server.takeSyn(frame, at: time)
            client.peerSegmentSize = UInt32(frame.tcp.options.maximumSegmentSize ?? 536)
        }
        client.windowShift = client.shift(towards: server)
        server.windowShift = server.shift(towards: client)
        if client.synSeen, server.synSeen {
            let both = client.timestampsOffered && server.timestampsOffered
            client.timestampsInUse = both
            server.timestampsInUse = both
        }
        if frame.tcp.flags.isAck {
            // Who has acknowledged the SYN-ACK has sent its data after it, whatever the stamps say.
            if !isLate { settleEarlyData(frame.tcp.acknowledgment, answering: direction.reversed) }
            TCPEcnMeter.negotiate(&client.ecn, &server.ecn, answer: frame.tcp.flags, answering: direction)
        } else if direction == .fromClient {
            client.ecn.request(frame.tcp.flags)
        } else {
            server.ecn.request(frame.tcp.flags)
        }
    }

    /// A SYN-ACK tells whether the data of the SYN was taken (RFC 7413 section 4.2).
    private mutating func settleEarlyData(_ acknowledgment: UInt32, answering end: Direction) {
        let isTaken =
            end == .fromClient
            ? client.settleEarlyData(acknowledgment) : server.settleEarlyData(acknowledgment)
        client.fastOpen = isTaken
        server.fastOpen = isTaken
    }

    // MARK: Where the capture was taken

    /// An end is near when its component RTT is a small part of the whole.
    mutating func locate() {
        if let hint = localHint, hint.client || hint.server {
            vantage = hint.client && hint.server ? .loopback : hint.client ? .client : .server
            return
        }
        let toClient = client.roundTrip.minimum
        let toServer = server.roundTrip.minimum
        guard client.roundTrip.hasSample, server.roundTrip.hasSample else {
            vantage = vantage ?? locateWithoutRoundTrips()
            return
        }
        let whole = saturatingAdd(toClient, toServer)
        let near = max(whole / 20, min(.milliseconds(1), whole / 4))
        if whole < 100_000 {
            vantage = .loopback
        } else if toClient < near {
            vantage = .client
        } else if toServer < near {
            vantage = .server
        } else {
            vantage = .middle
        }
    }

    /// Packets that have passed no router come from an end close by. Segments larger than the path's can only be seen on
    /// the host that sends them, where no router was passed, or on the one that receives them.
    private func locateWithoutRoundTrips() -> Vantage? {
        if client.isOversized { return client.isUnrouted ? .client : .server }
        if server.isOversized { return server.isUnrouted ? .server : .client }
        guard client.hopLimit > 0, server.hopLimit > 0, client.isUnrouted != server.isUnrouted else { return nil }
        return client.isUnrouted ? .client : .server
    }
}

extension TCPEndpoint {
    mutating func takeSyn(_ frame: borrowing DecodedFrame, at time: Timestamp) {
        let options = frame.tcp.options
        let sequence = frame.tcp.sequence
        let isRepeat = synSeen && sequence == initialSequence
        noteControl(
            isRepeat: isRepeat, identification: UInt16(truncatingIfNeeded: frame.identification ?? 0), at: time)
        if isRepeat { return }
        synSeen = true
        sackPermitted = options.sackPermitted
        timestampsOffered = options.hasTimestamps
        windowScale = options.windowScale.map { min($0, 14) }
        isAnswerer = frame.tcp.flags.isAck
        areOptionsWhole = !options.isCut
        offeredSegmentSize = options.maximumSegmentSize ?? 0
        anchor(at: frame.tcp.sequence)
        next = frame.tcp.sequence &+ 1
        acknowledged = next
        flight.anchor(next)
    }
}

extension TCPEcnMeter {
    /// The initiator's SYN (RFC 3168 section 6.1.1; RFC 9768 section 3.1.1 for all three flags).
    mutating func request(_ flags: TCPFlags) {
        accurate = flags.isSuperset(of: [.ae, .cwr, .ece])
        negotiated = false
    }

    /// The SYN-ACK settles it for both.
    static func negotiate(
        _ client: inout TCPEcnMeter, _ server: inout TCPEcnMeter, answer: TCPFlags, answering: Direction
    ) {
        let ace =
            (answer.isAe ? 4 : 0) | (answer.isCwr ? 2 : 0) | (answer.isEce ? 1 : 0)
        let asked = answering == .fromServer ? client : server
        // 010, 011, 100 and 110 accept accurate ECN, 001 classic (101 is its deprecated nonce).
        let accurate = asked.accurate && [2, 3, 4, 6].contains(ace)
        let agreed = accurate || ace == 1 || ace == 5
        client.negotiated = agreed
        server.negotiated = agreed
        client.accurate = accurate
        server.accurate = accurate
    }
}
