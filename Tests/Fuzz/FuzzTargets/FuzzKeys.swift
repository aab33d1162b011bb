// Unsafe only in calls of libcrypto through CRawCrypto: pointers are borrowed from live arrays for the length of the call, and
// outputs have room for header, content and tag.
import CRawCrypto
import StreamtopTestSupport

/// Hellos and secrets that belong together, so that what the fuzzer makes up can be sealed and reaches what lies behind a
/// decryption.
enum FuzzKeys {
    static let random = [UInt8](repeating: 0x11, count: 32)
    static let original: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
    static let clientID: [UInt8] = [0xc0, 1, 1, 1, 1, 1, 1, 1]
    static let serverID: [UInt8] = [0x50, 2, 2, 2, 2, 2, 2, 2]
    static let secret = [UInt8](repeating: 0x5e, count: 32)

    /// Every label has the same secret: which one is used is not what is fuzzed.
    static let keyLog: [UInt8] = {
        let labels = [
            "CLIENT_EARLY_TRAFFIC_SECRET", "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0",
        ]
        let random = String(repeating: "11", count: 32)
        return Array(labels.map { "\($0) \(random) " + String(repeating: "5e", count: 32) + "\n" }.joined().utf8)
    }()

    static var clientHello: [UInt8] {
        var builder = HelloBuilder()
        builder.random = random
        builder.extensions = [
            HelloBuilder.serverName("fuzz.example"), HelloBuilder.alpn([Array("h3".utf8)]), (43, [2, 3, 4]), (42, []),
            (51, HelloBuilder.vector([0, 29, 0, 2, 9, 9], lengthBytes: 2)), (57, [15, 8] + clientID),
        ]
        return HelloBuilder.message(1, builder.clientBody)
    }

    static var serverHello: [UInt8] {
        var builder = HelloBuilder()
        builder.extensions = [(43, [3, 4]), (51, [0, 29, 0, 2, 8, 8])]
        return HelloBuilder.message(2, builder.serverBody)
    }

    /// A TLS 1.3 record under `secret`; `content` ends in its type.
    static func record(_ content: [UInt8], number: UInt64) -> [UInt8] {
        let key = unsafe rc_key_new(secret, false, true)
        defer { unsafe rc_key_free(key) }
        return unsafe [UInt8](unsafeUninitializedCapacity: content.count + 21) { buffer, count in
            count = unsafe rc_tls_seal(key, number, content, content.count, buffer.baseAddress)
        }
    }

    /// An Initial packet of version 1.
    static func initial(_ payload: [UInt8], fromClient: Bool, number: UInt8) -> [UInt8] {
        var client = secret
        var server = secret
        unsafe rc_initial_secrets(original, original.count, &client, &server)
        let (destination, source) = fromClient ? (original, clientID) : (clientID, serverID)
        // Short payloads leave no sample for header protection.
        let payload = payload + [UInt8](repeating: 0, count: max(0, 4 - payload.count))
        let header: [UInt8] =
            [0xc0, 0, 0, 0, 1, 8] + destination + [8] + source + [0]
            + HelloBuilder.numbers([UInt16(truncatingIfNeeded: payload.count + 17) | 0x4000]) + [number]
        return packet(header, payload, number: UInt64(number), secret: fromClient ? client : server)
    }

    /// A 1-RTT packet.
    static func oneRTT(_ payload: [UInt8], fromClient: Bool, number: UInt8) -> [UInt8] {
        let payload = payload + [UInt8](repeating: 0, count: max(0, 4 - payload.count))
        return packet(
            [0x40] + (fromClient ? serverID : clientID) + [number], payload, number: UInt64(number), secret: secret)
    }

    private static func packet(_ header: [UInt8], _ payload: [UInt8], number: UInt64, secret: [UInt8]) -> [UInt8] {
        let key = unsafe rc_key_new(secret, true, true)
        defer { unsafe rc_key_free(key) }
        return unsafe [UInt8](unsafeUninitializedCapacity: header.count + payload.count + 16) { buffer, count in
            count = unsafe rc_quic_seal(
                key, header, header.count, 1, number, payload, payload.count, buffer.baseAddress)
        }
    }
}
