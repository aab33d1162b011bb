import StreamtopBase
import StreamtopCrypto
import StreamtopLayer
import StreamtopModel
import StreamtopSecurity
import StreamtopTestSupport
import StreamtopWire

/// Each decoder of TLS and DTLS messages by itself, the first byte choosing.
func fuzzTLSMessages(_ bytes: [UInt8]) {
    guard let choice = bytes.first else { return }
    let body = Array(bytes.dropFirst())
    let span = unsafe body.span.bytes  // UInt8 has no padding
    var reader = ByteReader(span)
    switch choice % 14 {
    case 0, 1:
        guard let hello = try? TLSClientHello(decoding: &reader, datagram: choice % 14 == 1) else { return }
        let print = hello.ja4(over: .tcp) { HashAlgorithm.sha256.hexDigest(of: $0 as [UInt8]) }
        precondition(print.utf8.count <= 36, "a JA4 of \(print.utf8.count) bytes")
        _ = HashAlgorithm.md5.hexDigest(of: hello.ja3Text)
    case 2:
        guard let hello = try? TLSServerHello(decoding: &reader) else { return }
        _ = HashAlgorithm.md5.hexDigest(of: hello.ja3sText)
    case 3: _ = try? TLSCertificateMessage(decoding: &reader, version13: choice > 127)
    case 4: _ = try? TLSEncryptedExtensions(decoding: &reader)
    case 5:
        let suite = TLSCipherSuite(rawValue: reader.peekUInt16() ?? 0)
        _ = try? TLSServerKeyExchange(decoding: &reader, cipherSuite: suite, version: choice > 127 ? .tls12 : .tls10)
    case 7: _ = try? TLSCertificateVerify(decoding: &reader)
    case 8: _ = try? TLSAlert(decoding: &reader)
    case 9: _ = Certificate(der: body)
    case 10: while let record = try? TLSRecordHeader(decoding: &reader) { _ = record }
    case 11: while TLSHandshakeMessage.next(&reader) != nil {}
    case 12:
        while let record = try? DTLSRecordHeader(decoding: &reader, connectionIDLength: Int(choice) / 14) {
            reader.skip(min(record.fragmentLength, reader.remaining))
        }
    default:
        while let header = try? DTLSHandshakeHeader(decoding: &reader) { reader.skip(header.fragmentLength) }
    }
}

/// Both byte streams of a TLS connection: made-up bytes, gaps, and made-up content under keys that are known.
func fuzzTLSStream(_ bytes: [UInt8]) {
    var script = FuzzScript(bytes)
    var tables = SecurityTables(awaitsSecrets: bytes.count % 2 == 0)
    tables.append(keyLog: FuzzKeys.keyLog)
    var tracker = TLSConnectionTracker()
    var seen = Observation()
    var now: Int64 = 0
    var numbers = BothDirections<UInt64>(client: 0, server: 0)
    var fed = 0
    func feed(
        _ bytes: [UInt8], _ direction: Direction, _ tracker: inout TLSConnectionTracker,
        _ tables: inout SecurityTables, _ seen: inout Observation
    ) {
        seen.begin(from: direction, at: Timestamp(nanoseconds: now))
        fed += bytes.count
        unsafe tracker.observe(
            bytes.span.bytes, .bytes(bytes.count, from: direction, at: seen.time), tables: &tables, &seen)
    }
    while let step = script.next() {
        now += 1_000_000
        let direction: Direction = step.action & 1 == 0 ? .fromClient : .fromServer
        switch step.action >> 1 % 5 {
        case 1:
            let gap = Delivery(
                direction: direction, time: Timestamp(nanoseconds: now), content: .gap(UInt64(step.bytes.count)))
            tracker.observe(RawSpan(), gap, tables: &tables, &seen)
        case 2, 3:
            let record = FuzzKeys.record(step.bytes + [step.action >> 4 % 5 + 20], number: numbers[direction])
            numbers[direction] = step.action & 0x80 == 0 ? numbers[direction] + 1 : 0
            feed(record, direction, &tracker, &tables, &seen)
        case 4:
            let hello = direction == .fromClient ? FuzzKeys.clientHello : FuzzKeys.serverHello
            feed(HelloBuilder.record(22, hello), direction, &tracker, &tables, &seen)
        default: feed(step.bytes, direction, &tracker, &tables, &seen)
        }
        seen.clear()
    }
    // Twice, for storage doubles; once more for what was decrypted; and what is kept of a record under way.
    precondition(tracker.heldBytes <= MemoryLayout<TLSConnectionTracker>.stride + 4 * fed + 1_024, "more held than fed")
    tracker.releaseHeldBytes()
    precondition(tracker.heldBytes <= MemoryLayout<TLSConnectionTracker>.stride + 1_024, "not released")
    let found = tracker.snapshot()
    precondition(found.handshake.timeline.count <= 256 && found.alerts.count <= 256, "lists without a bound")
    precondition(found.handshake.duration ?? 0 >= 0, "a handshake of negative length")
}

/// Datagrams of a DTLS association, among them whole hellos so that later ones are looked into.
func fuzzDTLS(_ bytes: [UInt8]) {
    var script = FuzzScript(bytes)
    var tables = SecurityTables(awaitsSecrets: bytes.count % 2 == 0)
    tables.append(keyLog: FuzzKeys.keyLog)
    var tracker = DTLSConnectionTracker()
    var seen = Observation()
    var now: Int64 = 0
    var number: UInt8 = 0
    var fed = 0
    while let step = script.next() {
        now += 1_000_000
        var datagram = step.bytes
        if step.action & 2 != 0 {
            // The content of a plain handshake record, well framed, is where fragments and flights are put together.
            number &+= 1
            datagram =
                [22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, number] + HelloBuilder.vector(step.bytes, lengthBytes: 2)
        }
        seen.begin(
            from: step.action & 1 == 0 ? .fromClient : .fromServer, at: Timestamp(nanoseconds: now))
        fed += datagram.count
        unsafe tracker.observe(
            datagram.span.bytes, .datagram(datagram.count, from: seen.direction, at: seen.time), tables: &tables,
            &seen)
        seen.clear()
    }
    // Twice, for storage doubles, and the entries of up to twelve messages each way, for which fragments of no length do.
    let entries = 24 * 400
    precondition(
        tracker.heldBytes <= MemoryLayout<DTLSConnectionTracker>.stride + entries + 4 * fed, "more held than fed")
    let found = tracker.snapshot()
    precondition(found.tls.handshake.timeline.count <= 256 && found.tls.alerts.count <= 256, "lists without a bound")
    tracker.releaseHeldBytes()
    precondition(tracker.heldBytes == MemoryLayout<DTLSConnectionTracker>.stride, "not released")
}

/// A key log, cut into pieces anywhere.
func fuzzKeyLog(_ bytes: [UInt8]) {
    var store = SecretStore(capacity: 8)
    var rest = bytes[...]
    while let size = rest.first {
        rest = rest.dropFirst()
        store.append(keyLogText: Array(rest.prefix(Int(size))))
        rest = rest.dropFirst(Int(size))
    }
    store.endOfText()
    precondition(store.count <= 8, "more secrets than fit")
    precondition(!"\(store)".contains("5e5e"), "secrets in a description")
}
