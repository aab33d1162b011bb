import StreamtopBase
import StreamtopCrypto
import StreamtopLayer
import StreamtopModel
import StreamtopSecurity
import StreamtopTransport
import StreamtopWire

/// Each decoder of QUIC by itself, the first byte choosing.
func fuzzQUICMessages(_ bytes: [UInt8]) {
    guard let choice = bytes.first else { return }
    let body = Array(bytes.dropFirst())
    let span = unsafe body.span.bytes  // UInt8 has no padding
    var reader = ByteReader(span)
    switch choice % 6 {
    case 0: while let header = try? QUICLongHeader(decoding: &reader, missing: Int(choice) / 6) { _ = header }
    case 1: _ = try? QUICTransportParameters(decoding: &reader)
    case 2: _ = try? QUICHandshakeGlance(decoding: &reader)
    case 3: _ = QUICProbe(span)
    case 4:
        while let value = try? reader.quicInteger(in: .quicFrame) {
            precondition(value < 1 << 62, "a variable-length integer beyond 2^62")
        }
    default:
        while !reader.isAtEnd, let frame = try? QUICFrameDecoder.next(&reader) {
            guard case .ack(let ack) = frame else { continue }
            var ranges = ByteReader(span)
            ranges.skip(ack.rangesOffset)
            var walk = QUICAckRanges(ack)
            while let range = walk.next(&ranges) { precondition(range.low <= range.high, "a range backwards") }
        }
    }
}

/// Datagrams of a connection: made-up bytes, and made-up payloads in packets that open, at each level.
func fuzzQUICConnection(_ bytes: [UInt8]) {
    var script = FuzzScript(bytes)
    var store = SecretStore()
    store.append(keyLogText: FuzzKeys.keyLog)
    let secrets: SecretStore? = store
    var tracker = QUICConnectionTracker(start: Timestamp(nanoseconds: 0))
    var handshake = QUICHandshakeTracker()
    var tables = SecurityTables()
    var scratch = QUICScratch()
    var seen = Observation()
    var now: Int64 = 0
    func feed(
        _ datagram: [UInt8], _ direction: Direction, _ tracker: inout QUICConnectionTracker,
        _ handshake: inout QUICHandshakeTracker, _ scratch: inout QUICScratch, _ seen: inout Observation
    ) {
        scratch.clear()
        seen.begin(from: direction, at: Timestamp(nanoseconds: now))
        unsafe tracker.observe(
            datagram.span.bytes, wireLength: datagram.count, ecn: UInt8(truncatingIfNeeded: datagram.count),
            secrets: secrets, scratch: &scratch, &seen)
        let (messages, bytes) = scratch.takeMessages()
        for message in messages {
            unsafe handshake.observe(
                bytes.span.bytes.extracting(message.start..<(message.start + message.count)), from: message.direction,
                at: message.time, encrypted: message.level != .initial, tables: &tables, &seen)
        }
        seen.clear()
    }
    func crypto(_ message: [UInt8]) -> [UInt8] {
        [6, 0, UInt8(0x40 | message.count >> 8), UInt8(message.count & 255)] + message
    }
    if bytes.count % 4 != 0 {
        let hello = FuzzKeys.initial(crypto(FuzzKeys.clientHello), fromClient: true, number: 0)
        feed(hello, .fromClient, &tracker, &handshake, &scratch, &seen)
        let answer = FuzzKeys.initial(crypto(FuzzKeys.serverHello), fromClient: false, number: 0)
        feed(answer, .fromServer, &tracker, &handshake, &scratch, &seen)
    }
    var number: UInt8 = 0
    while let step = script.next() {
        now += 1_000_000
        number &+= step.action >> 5
        let fromClient = step.action & 1 == 0
        let datagram =
            switch step.action >> 1 % 4 {
            case 1: FuzzKeys.initial(step.bytes, fromClient: fromClient, number: number)
            case 2, 3: FuzzKeys.oneRTT(step.bytes, fromClient: fromClient, number: number)
            default: step.bytes
            }
        feed(datagram, fromClient ? .fromClient : .fromServer, &tracker, &handshake, &scratch, &seen)
    }
    let found = tracker.snapshot(at: Timestamp(nanoseconds: .max))
    for endpoint in [found.client, found.server] {
        precondition((endpoint.lostPackets ?? 0) >= 0 && (endpoint.inFlight?.last ?? 0) >= 0, "counts below zero")
    }
    _ = handshake.snapshot(
        early: 0, serverHandshake: nil, clientHandshake: nil, hasSecrets: true, serverRoundTrip: nil)
}
