/// Community ID flow hash, version 1 (https://github.com/corelight/community-id-spec): one short text that different
/// tools print for the same flow, so that their outputs can be joined.
///
///     "1:" + base64(sha1(seed (2 bytes) | low address | high address | protocol | 0 | low port | high port))
///
/// The seed is 0. Costs a hash: computed when a flow is reported, not per packet.
package struct CommunityID: Sendable {
    /// The text's ASCII characters; none of them needs an escape anywhere.
    package let characters: InlineArray<30, UInt8>

    package var text: String { String(decoding: characters.indices.map { characters[$0] }, as: UTF8.self) }

    /// The hash of a flow seen in one packet from `source` to `destination`; nil when the endpoints are of different
    /// families, which no packet can be.
    ///
    /// - Parameters:
    ///   - transport: IP protocol number. TCP, UDP and SCTP hash their ports; ICMP and ICMPv6 their type and code.
    ///   - icmpType: type of an ICMP message; ignored for other protocols.
    ///   - icmpCode: code of an ICMP message.
    package init?(
        source: Endpoint, destination: Endpoint, transport: UInt8, icmpType: UInt8? = nil, icmpCode: UInt8? = nil
    ) {
        guard source.address.isIPv4 == destination.address.isIPv4 else { return nil }
        var first = source
        var second = destination
        var isOneWay = false
        let hasPorts: Bool
        switch transport {
        case 6, 17, 132: hasPorts = true
        case 1, 58:
            hasPorts = icmpType != nil
            if let icmpType {
                let reply = transport == 1 ? Self.icmpReply(to: icmpType) : Self.icmp6Reply(to: icmpType)
                isOneWay = reply == nil
                first.port = UInt16(icmpType)
                second.port = UInt16(reply ?? icmpCode ?? 0)
            }
        default: hasPorts = false
        }
        if !hasPorts {
            first.port = 0
            second.port = 0
        }
        let inOrder = first.address != second.address ? first.address < second.address : first.port <= second.port
        if !isOneWay && !inOrder { swap(&first, &second) }

        var message = InlineArray<40, UInt8>(repeating: 0)
        var length = 2  // the seed
        func append(_ value: UInt64, bytes: Int) {
            for index in 0..<bytes {
                message[length] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (bytes - 1 - index)))
                length += 1
            }
        }
        func append(_ address: IPAddress) {
            if !address.isIPv4 { append(address.high, bytes: 8) }
            append(address.low, bytes: address.isIPv4 ? 4 : 8)
        }
        append(first.address)
        append(second.address)
        append(UInt64(transport) << 8, bytes: 2)
        if hasPorts { append(UInt64(first.port) << 16 | UInt64(second.port), bytes: 4) }
        characters = Self.characters(of: SHA1.digest(of: message.span.extracting(first: length)))
    }

    /// The ICMP type that answers `type` (RFC 792, RFC 950, RFC 1256), nil where messages go one way.
    private static func icmpReply(to type: UInt8) -> UInt8? {
        switch type {
        case 0: 8
        case 8: 0
        case 9: 10
        case 10: 9
        case 13: 14
        case 14: 13
        case 15: 16
        case 16: 15
        case 17: 18
        case 18: 17
        default: nil
        }
    }

    /// The ICMPv6 type that answers `type` (RFC 4443, RFC 2710, RFC 4861, RFC 4620, RFC 6275), nil where messages go
    /// one way.
    private static func icmp6Reply(to type: UInt8) -> UInt8? {
        switch type {
        case 128: 129
        case 129: 128
        case 130: 131
        case 131: 130
        case 133: 134
        case 134: 133
        case 135: 136
        case 136: 135
        case 139: 140
        case 140: 139
        case 144: 145
        case 145: 144
        default: nil
        }
    }

    /// The version and the digest in base64 with padding (RFC 4648 section 4): 26 times six bits, four with two zeros
    /// behind them, and one "=" because the last byte of three is missing.
    private static func characters(of digest: InlineArray<5, UInt32>) -> InlineArray<30, UInt8> {
        var characters = InlineArray<30, UInt8>(repeating: UInt8(ascii: "="))
        characters[0] = UInt8(ascii: "1")
        characters[1] = UInt8(ascii: ":")
        var waiting: UInt64 = 0
        var bits = 0
        var position = 2
        for word in 0...5 {
            waiting = waiting << 32 | UInt64(word < 5 ? digest[word] : 0)
            bits += 32
            while bits >= 6, position < 29 {
                bits -= 6
                characters[position] = base64(UInt8(truncatingIfNeeded: waiting >> UInt64(bits) & 63))
                position += 1
            }
        }
        return characters
    }

    /// The character of a value below 64.
    private static func base64(_ value: UInt8) -> UInt8 {
        switch value {
        case ..<26: UInt8(ascii: "A") &+ value
        case ..<52: UInt8(ascii: "a") &+ (value &- 26)
        case ..<62: UInt8(ascii: "0") &+ (value &- 52)
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }
}
