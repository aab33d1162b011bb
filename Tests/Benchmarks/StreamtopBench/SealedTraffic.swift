import StreamtopTestSupport

/// A made-up download over QUIC or TLS 1.3, sealed with keys that are known: what an observer with the key log has to open.
/// The same arguments give the same bytes.
struct SealedTraffic {
    struct Datagram {
        var fromClient: Bool
        var bytes: [UInt8]
    }

    static let clientRandom = [UInt8](repeating: 0x11, count: 32)
    /// Connection IDs: of the client's first Initial, and what each end chose.
    static let original: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
    static let clientID: [UInt8] = [0xc0, 1, 1, 1, 1, 1, 1, 1]
    static let serverID: [UInt8] = [0x50, 2, 2, 2, 2, 2, 2, 2]
    /// Bytes in front of the packet number in a short header.
    static let numberOffset = 9

    /// A secret for each label of the key log, told apart by its last byte.
    private static let labels = [
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
    ]
    static func secret(_ label: String) -> [UInt8] {
        [UInt8](repeating: 0x5e, count: 31) + [UInt8(labels.firstIndex(of: label) ?? 9)]
    }

    static var keyLog: String {
        func hex(_ bytes: [UInt8]) -> String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
        return labels.map { "\($0) \(hex(clientRandom)) \(hex(secret($0)))\n" }.joined()
    }

    private static func hello(quic: Bool) -> HelloBuilder {
        var builder = HelloBuilder()
        builder.random = clientRandom
        builder.extensions = [
            HelloBuilder.serverName("bench.example"),
            HelloBuilder.alpn([Array((quic ? "h3" : "http/1.1").utf8)]),
            (43, [2, 3, 4]), (10, [0, 2, 0, 29]), (13, [0, 2, 8, 4]),
            (51, HelloBuilder.vector([0, 29, 0, 32] + [UInt8](repeating: 9, count: 32), lengthBytes: 2)),
        ]
        if quic { builder.extensions?.append((57, [15, 8] + clientID + [1, 4, 0x80, 0, 0x75, 0x30])) }
        return builder
    }

    private static var answer: HelloBuilder {
        var builder = HelloBuilder()
        builder.random = [UInt8](repeating: 0x22, count: 32)
        builder.extensions = [(43, [3, 4]), (51, [0, 29, 0, 32] + [UInt8](repeating: 8, count: 32))]
        return builder
    }

    /// Content that does not compress and does not repeat soon.
    static func filler(_ count: Int, seed: Int) -> [UInt8] {
        var state = UInt64(truncatingIfNeeded: seed) &* 0x9e37_79b9_7f4a_7c15 | 1
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
    }

    // MARK: QUIC

    /// The client's first datagram, padded as it must be.
    static func clientInitial() -> [UInt8] {
        let crypto = HelloBuilder.message(1, hello(quic: true).clientBody)
        var payload: [UInt8] = [6, 0] + variable(crypto.count) + crypto
        payload += [UInt8](repeating: 0, count: max(0, 1162 - payload.count))
        return initial(
            payload, to: original, from: clientID, secret: RawKey.initialSecrets(destination: original).client)
    }

    private static func serverInitial() -> [UInt8] {
        let crypto = HelloBuilder.message(2, answer.serverBody)
        // An ACK of packet 0, then the ServerHello.
        let payload: [UInt8] = [2, 0, 0, 0, 0, 6, 0] + variable(crypto.count) + crypto
        return initial(
            payload, to: clientID, from: serverID, secret: RawKey.initialSecrets(destination: original).server)
    }

    /// A download of `count` packets with an acknowledgment for every ten, and its handshake as far as it is needed.
    static func quicDownload(packets count: Int, dataBytes: Int = 1200) -> [Datagram] {
        var datagrams = [
            Datagram(fromClient: true, bytes: clientInitial()), Datagram(fromClient: false, bytes: serverInitial()),
        ]
        datagrams.reserveCapacity(count * 11 / 10 + 4)
        let down = RawKey(secret: secret("SERVER_TRAFFIC_SECRET_0"), quic: true, sealing: true)
        let up = RawKey(secret: secret("CLIENT_TRAFFIC_SECRET_0"), quic: true, sealing: true)
        var acknowledgments = 0
        for number in 0..<count {
            var payload: [UInt8] = [0x0e, 0] + big(UInt64(number * dataBytes) | 3 << 62, 8)
            payload += big(UInt64(dataBytes) | 1 << 14, 2) + filler(dataBytes, seed: number)
            let packet = down.sealPacket(
                shortHeader(to: clientID, number), numberLength: 4, number: number, payload)
            datagrams.append(Datagram(fromClient: false, bytes: packet))
            guard number % 10 == 9 else { continue }
            let ack: [UInt8] = [2] + big(UInt64(number) | 2 << 30, 4) + [0, 0] + variable(min(number, 60)) + [1]
            let answer = up.sealPacket(
                shortHeader(to: serverID, acknowledgments), numberLength: 4, number: acknowledgments, ack)
            datagrams.append(Datagram(fromClient: true, bytes: answer))
            acknowledgments += 1
        }
        return datagrams
    }

    /// With four bytes of number, so that the length of the header is the same throughout.
    private static func shortHeader(to identifier: [UInt8], _ number: Int) -> [UInt8] {
        [0x43] + identifier + big(UInt64(number), 4)
    }

    private static func initial(
        _ payload: [UInt8], to destination: [UInt8], from source: [UInt8], secret: [UInt8]
    ) -> [UInt8] {
        var header: [UInt8] = [0xc0, 0, 0, 0, 1, 8] + destination + [8] + source + [0]
        header += big(UInt64(payload.count + 16 + 1) | 1 << 14, 2) + [0]
        return RawKey(secret: secret, quic: true, sealing: true).sealPacket(
            header, numberLength: 1, number: 0, payload)
    }

    // MARK: TLS 1.3

    /// The two byte streams of a download in `count` records, from the hellos on.
    static func tlsDownload(records count: Int, recordBytes: Int = 16_384) -> (client: [UInt8], server: [UInt8]) {
        let client = HelloBuilder.record(22, HelloBuilder.message(1, hello(quic: false).clientBody), version: 0x0301)
        var server = HelloBuilder.record(22, HelloBuilder.message(2, answer.serverBody))
        let flight = HelloBuilder.message(8, [0, 0]) + HelloBuilder.message(20, [UInt8](repeating: 4, count: 32))
        server += record(flight + [22], secret: "SERVER_HANDSHAKE_TRAFFIC_SECRET")
        let finished = HelloBuilder.message(20, [UInt8](repeating: 3, count: 32))
        server += records(count, recordBytes)
        return (client + record(finished + [22], secret: "CLIENT_HANDSHAKE_TRAFFIC_SECRET"), server)
    }

    /// Application records of the server, one after the other.
    static func records(_ count: Int, _ recordBytes: Int) -> [UInt8] {
        let key = RawKey(secret: secret("SERVER_TRAFFIC_SECRET_0"), quic: false, sealing: true)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * (recordBytes + 22))
        for number in 0..<count { bytes += key.sealRecord(filler(recordBytes, seed: number) + [23], number: number) }
        return bytes
    }

    private static func record(_ content: [UInt8], secret label: String) -> [UInt8] {
        RawKey(secret: secret(label), quic: false, sealing: true).sealRecord(content, number: 0)
    }

    // MARK: Numbers

    /// The low `count` bytes, most significant first.
    static func big(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - $0))) }
    }

    /// A QUIC integer below 2^14.
    private static func variable(_ value: Int) -> [UInt8] {
        value < 64 ? [UInt8(value)] : big(UInt64(value) | 1 << 14, 2)
    }
}
