import StreamtopBase
import StreamtopCrypto
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// One QUIC connection, followed from outside (RFC 9000, RFC 9001, RFC 9369).
///
/// Without secrets: long headers, the handshake's first flight (its keys follow from the wire), the spin bit, sizes. With
/// secrets: every frame, and from acknowledgments the round trip, losses and flight as the sender has them. A packet
/// that no key opens is counted and left alone; 1-RTT packets without keys cost a few comparisons.
package struct QUICConnectionTracker: ~Copyable {
    let start: Timestamp
    var version: QUICVersion?
    var keys = QUICConnectionKeys()
    var endpoints = QUICEndpoints()
    var waiting = QUICWaitingPackets()
    var packets = QUICPacketCounts()
    var unreadable = 0
    /// Client random of the last ClientHello: what secrets are logged under.
    var random: HelloRandom?
    var originalDestination: QUICConnectionID?
    var offered: [QUICVersion] = []
    var hasVersionNegotiation = false
    var hasRetry = false
    var isRetryTagValid: Bool?
    var earlyPackets = 0
    var earlyBytes: UInt64 = 0
    var earlyBeforeInitial = 0
    var offersEarlyData = false
    var acceptsEarlyData: Bool?
    var spin = QUICSpinMeter()
    /// The newest component RTT that the spin bit measured, by its end.
    var spinStates = BothDirections(client: QUICSpinState(), server: QUICSpinState())
    /// Round trips between the capture point and either end, and of the whole loop.
    var serverTrip = QUICRoundTripMeter()
    var clientTrip = QUICRoundTripMeter()
    var loopTrip = QUICRoundTripMeter()
    var times = QUICHandshakeTimes()
    var clientInitials = 0
    var amplification = QUICAmplificationMeter()
    var moves: [QUICMigration] = []
    var challenges: [QUICChallenge] = []
    var close: QUICClose?
    var isEstablished = false
    var hasOpenedOneRTT = false
    /// An unopened short packet that may be a stateless reset, until the same end sends more.
    var resetSuspect: Direction?
    var hasKnownReset = false
    /// On which each end sends, by `Direction.index`.
    var streams: InlineArray<2, QUICStreamTable> = [QUICStreamTable(), QUICStreamTable()]
    /// Stream data is put in order and handed up; off once nobody reads it.
    package var followsStreams = true
    var packetLog = QUICPacketLog()
    /// Requests and answers, for as long as no packet of either could be read.
    var bursts = AnswerBursts()
    /// Of the client's packets with a short header, in bytes: about the middle.
    var usualSize = 36
    private let addressOnly = AddressOnly()

    package init(start: Timestamp) {
        self.start = start
    }

    /// What became of a packet.
    enum Outcome: Equatable, Sendable {
        case none
        /// Only a client can have sent it, and it came from the server.
        case isFromClient
    }

    /// Nothing protected was read while the ends were mistaken for each other: their keys differ. Follows the connection anew.
    package mutating func exchangeEnds() { self = QUICConnectionTracker(start: start) }

    /// Takes one UDP payload. `wireLength` is its length on the wire, more than `datagram` holds when the capture cut it.
    ///
    /// Where the signal `clientIs(.fromServer)` is given, the datagram was not counted: it is to be shown again after the ends
    /// were exchanged.
    package mutating func observe(
        _ datagram: RawSpan, wireLength: Int, ecn: UInt8, secrets: borrowing SecretStore?, scratch: inout QUICScratch,
        _ now: inout Observation
    ) {
        let before = state
        guard take(datagram, wireLength: wireLength, ecn: ecn, secrets: secrets, scratch: &scratch, &now) == .none
        else { return now.signal(.clientIs(now.direction)) }
        let state = state
        if state != before, state == .closed || state == .reset { now.signal(.closed(state)) }
    }

    private mutating func take(
        _ datagram: RawSpan, wireLength: Int, ecn: UInt8, secrets: borrowing SecretStore?, scratch: inout QUICScratch,
        _ now: inout Observation
    ) -> Outcome {
        let direction = now.direction
        let time = now.time
        let size = max(wireLength, datagram.byteCount)
        let missing = size - datagram.byteCount
        if version == nil || version?.family == .google, case .google(let found) = QUICProbe(datagram) {
            observeGoogle(datagram, found, direction: direction, at: time, scratch: &scratch)
            return .none
        }
        if version?.family == .google, datagram.byteCount > 0, ByteReader(datagram).peekUInt8() ?? 0 < 0x80 {
            return .none
        }
        var reader = ByteReader(datagram)
        var count = 0
        var firstDestination: QUICConnectionID?
        while let first = reader.peekUInt8() {  // each pass takes a whole packet, or ends
            let rest = reader.restSpan
            guard first & 0x80 != 0 else {
                // Zeros behind the last packet pad the datagram.
                if count > 0, first == 0 { break }
                count += 1
                observeShort(
                    rest, missing: missing, direction: direction, at: time, secrets: secrets, scratch: &scratch,
                    &now)
                break
            }
            guard let header = try? QUICLongHeader(decoding: &reader, missing: missing) else {
                packets.undecodable += 1
                break
            }
            // Packets of one datagram are for one connection (RFC 9000 section 12.2).
            if let known = firstDestination, known != header.destination { break }
            firstDestination = header.destination
            count += 1
            let outcome = observeLong(
                header, rest.extracting(0..<min(rest.byteCount, header.capturedLength)), datagramSize: size,
                direction: direction, at: time, secrets: secrets, scratch: &scratch, &now)
            if outcome == .isFromClient { return outcome }
        }
        if count > 1 { packets.coalesced += 1 }
        endpoints[direction].datagrams.record(size: size, ecn: ecn)
        endpoints[direction].payloadBytes &+= size
        endpoints[direction].lastDatagram = time
        amplification.record(size: size, from: direction, at: time)
        return .none
    }

    /// Google's QUIC before version 046: the version and the connection ID are all that is read.
    private mutating func observeGoogle(
        _ datagram: RawSpan, _ found: QUICVersion, direction: Direction, at time: Timestamp,
        scratch: inout QUICScratch
    ) {
        version = found
        var reader = ByteReader(datagram)
        reader.skip(1)
        guard originalDestination == nil, let identifier = QUICConnectionID(&reader, length: 8) else { return }
        originalDestination = identifier
        if times.firstInitial == nil { times.firstInitial = time }
    }

    /// Takes waiting packets up again when a key has come.
    mutating func installKeys(
        from secrets: borrowing SecretStore?, scratch: inout QUICScratch, _ now: inout Observation
    ) {
        guard let random, let version, let store = copy secrets,
            keys.install(from: store, random: random, version: version),
            !waiting.isEmpty
        else { return }
        for packet in waiting.takeAll() {
            let bytes = unsafe packet.bytes.span.bytes
            openProtected(
                bytes, type: packet.type, numberOffset: packet.numberOffset, direction: packet.direction,
                at: packet.time, secrets: secrets, scratch: &scratch, &now)
        }
    }

    /// The datagram begins another connection on the addresses of this one, which is established or over: a client's
    /// Initial, whole and authentic, with connection IDs that neither end of this connection has chosen. Within a
    /// connection a client keeps the ID of its first Initial (RFC 9000 section 7.2).
    package func isSucceeded(by datagram: RawSpan, from direction: Direction) -> Bool {
        // A connection whose beginning was not captured is established once it shows 1-RTT packets.
        let isRunning = isEstablished || times.firstInitial == nil && packets.oneRTT > 0
        guard direction == .fromClient, isRunning || close != nil || hasKnownReset else { return false }
        var reader = ByteReader(datagram)
        guard reader.peekUInt8() ?? 0 >= 0x80, let header = try? QUICLongHeader(decoding: &reader),
            header.type == .initial, header.destination != originalDestination
        else { return false }
        let isKnown = !header.source.isEmpty && endpoints[.fromClient].identifiers.contains(header.source)
        guard !isKnown, !endpoints[.fromServer].identifiers.contains(header.destination),
            header.packetLength <= datagram.byteCount
        else { return false }
        // Rare enough for buffers of its own.
        var buffers = QUICOpeningBuffers()
        var first = QUICConnectionKeys()
        return first.deriveInitial(header.version, destination: header.destination)
            && first.openInitial(
                datagram.extracting(0..<header.packetLength), numberOffset: header.packetNumberOffset,
                direction: .fromClient, largest: nil, buffers: &buffers) != nil
    }

    /// The connection moved to other addresses and stayed one flow.
    package mutating func moved(
        from: Endpoint, to: Endpoint, at time: Timestamp, _ now: inout Observation
    ) {
        let move = QUICMigration(time: time, from: from, to: to, isValidated: nil)
        now.tell(.migration(move))
        guard moves.count < Self.moveCapacity else { return }
        moves.append(move)
        serverTrip.rebase(at: time)
        clientTrip.rebase(at: time)
        loopTrip.rebase(at: time)
    }

    /// Packets in the log.
    package var loggedPackets: Int { packetLog.packets.count }

    /// Memory outside of the tracker itself.
    package var heldBytes: Int {
        endpoints[.fromClient].heldBytes + endpoints[.fromServer].heldBytes + streams[0].heldBytes
            + streams[1].heldBytes
            + waiting.heldBytes
    }

    /// Gives up the bytes that wait for something, for want of memory: packets that wait for keys, messages that are not
    /// whole, stream data behind holes.
    package mutating func releaseHeldBytes() {
        waiting.release()
        for direction in Direction.allCases {
            for level in 0..<3 { _ = endpoints[direction].cryptoStreams[level].release() }
            _ = streams[direction.index].release()
        }
    }

    /// Holes in streams that were given up, and their bytes.
    package var streamGaps: (count: Int, bytes: UInt64) {
        (streams[0].gaps + streams[1].gaps, streams[0].gapBytes &+ streams[1].gapBytes)
    }

    /// Where the client was seen last, once it has moved.
    package var currentClient: Endpoint? { moves.last?.to }
    /// An Initial that only a client can have sent told who is who.
    package var knowsClient: Bool { times.firstInitial != nil }
    package var handshakeTimes: QUICHandshakeTimes { times }
    /// The client went on to send application data.
    package var hasHandshake: Bool { isEstablished }

    static let moveCapacity = 32
    static let challengeCapacity = 16

    static let limits = [
        Limit("QUIC moves", moveCapacity, per: .flow, policy: "later ones are not recorded"),
        Limit("QUIC path challenges", challengeCapacity, per: .flow, policy: "the oldest is forgotten"),
    ]

    /// Open, half open until the handshake is done, closed once an end said so.
    package var state: FlowState {
        if close != nil || hasKnownReset { return hasKnownReset && close == nil ? .reset : .closed }
        return isEstablished || times.firstInitial == nil ? .open : .halfOpen
    }
}

struct QUICSpinState: Equatable, Sendable {
    var value: Nanoseconds = 0
    var time = Timestamp(nanoseconds: .min)
}

/// A PATH_CHALLENGE without its PATH_RESPONSE (RFC 9000 section 8.2).
struct QUICChallenge: Equatable, Sendable {
    var data: UInt64
    var direction: Direction
    var time: Timestamp
}
