/// Community ID flow hash, version 1 (https://github.com/corelight/community-id-spec): one short text that different
/// tools print for the same flow, so that their outputs can be joined.
///
///     "1:" + base64(sha1(seed (2 bytes) | low address | high address | protocol | 0 | low port | high port))
///
/// The seed is 0. Costs a hash and a String: computed when a flow is reported, not per packet.
package enum CommunityID {
    /// The hash of a flow seen in one packet from `source` to `destination`.
    ///
    /// - Parameters:
    ///   - transport: IP protocol number. TCP, UDP and SCTP hash their ports; ICMP and ICMPv6 their type and code.
    ///   - icmpType: type of an ICMP message; ignored for other protocols.
    ///   - icmpCode: code of an ICMP message.
    /// - Returns: nil when the endpoints are of different families, which no packet can be.
    package static func text(
        source: Endpoint, destination: Endpoint, transport: UInt8, icmpType: UInt8? = nil, icmpCode: UInt8? = nil
    ) -> String? {
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
                let reply = transport == 1 ? icmpReply(to: icmpType) : icmp6Reply(to: icmpType)
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

        var message: [UInt8] = [0, 0]
        message += first.address.bytes + second.address.bytes + [transport, 0]
        if hasPorts {
            for port in [first.port, second.port] { message += [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)] }
        }
        return "1:" + base64(SHA1.digest(of: message))
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

    /// Base64 with padding (RFC 4648 section 4).
    private static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group: UInt32 = 0
            for index in 0..<3 { group = group << 8 | (index < count ? UInt32(bytes[start + index]) : 0) }
            for index in 0..<4 {
                text.append(index <= count ? alphabet[Int(group >> (18 - 6 * UInt32(index)) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
