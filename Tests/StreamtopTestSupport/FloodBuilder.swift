import StreamtopBase

/// Datagrams and segments of floods: small on the wire, and made to hold as much as they can.
package enum FloodBuilder {
    /// The client of flow `number`: another address for each.
    package static func client(_ number: Int, port: UInt16 = 40_000) -> Endpoint {
        Endpoint(address: IPAddress(v4: 0x0b00_0000 &+ UInt32(truncatingIfNeeded: number)), port: port)
    }

    /// A DTLS 1.2 record with `count` bytes of a handshake message that claims to be `length` bytes long.
    package static func dtlsFragment(type: UInt8 = 1, length: Int, offset: Int, count: Int, message: Int = 0) -> [UInt8]
    {
        var fragment: [UInt8] = [type] + big(length, 3) + big(message, 2) + big(offset, 3) + big(count, 3)
        fragment += [UInt8](repeating: 7, count: count)
        return [22, 0xfe, 0xfd, 0, 0] + big(message, 6) + big(fragment.count, 2) + fragment
    }

    /// Initials of a client and its server with connection IDs of their own, sealed with keys that anyone can make: one byte of CRYPTO each, at `offset`.
    package static func quicInitials(_ number: Int = 0, cryptoOffset offset: Int) -> (client: [UInt8], server: [UInt8])
    {
        let destination: [UInt8] = [1, 2, 3, 4] + big(number, 4)
        let source: [UInt8] = [9, 10, 11, 12] + big(number, 4)
        let secrets = RawKey.initialSecrets(destination: destination)
        func initial(_ secret: [UInt8], to: [UInt8], from: [UInt8]) -> [UInt8] {
            var frames: [UInt8] = [6] + big(offset | 2 << 30, 4) + [1, 0xaa]
            frames += [UInt8](repeating: 0, count: 1_162 - frames.count)
            var header: [UInt8] = [0xc3, 0, 0, 0, 1, UInt8(to.count)] + to
            header += [UInt8(from.count)] + from + [0]
            header += big((frames.count + 4 + 16) | 1 << 14, 2) + [0, 0, 0, 0]
            let key = RawKey(secret: secret, quic: true, sealing: true)
            return key.sealPacket(header, numberLength: 4, number: 0, frames)
        }
        return (
            initial(secrets.client, to: destination, from: source),
            initial(secrets.server, to: source, from: destination)
        )
    }

    private static func big(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
}
