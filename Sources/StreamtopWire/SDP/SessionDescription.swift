import StreamtopBase

/// What two ends agree to send each other (RFC 8866), as far as it tells an observer what packets are.
package struct SessionDescription: Equatable, Sendable {
    /// RFC 8866 section 6.7.
    package enum Travel: String, Sendable {
        case sendrecv, sendonly, recvonly, inactive

        package var sends: Bool { self == .sendrecv || self == .sendonly }
        package var receives: Bool { self == .sendrecv || self == .recvonly }
    }

    package struct Codec: Equatable, Sendable {
        package var payloadType: UInt8
        package var name: String
        package var clockRate: Int
    }

    /// Keys of SRTP in clear (RFC 4568): what the author of the description sends with.
    package struct Crypto: Equatable, Sendable {
        package var tag: Int
        package var suite: String
        /// Master key and salt, one behind the other.
        package var secret: [UInt8]
        /// Packets name their key (RFC 3711 section 3.1).
        package var hasIdentifier: Bool
    }

    /// RFC 8839 section 5.1.
    package struct Candidate: Equatable, Sendable {
        package var component: Int
        package var transport: String
        package var priority: UInt32
        /// nil where a name stands for it (multicast DNS).
        package var endpoint: Endpoint?
        package var type: String
        /// Of the end that has it, where the candidate says so (RFC 8839 section 5.1 leaves room; browsers write it).
        package var userFragment: String?
    }

    /// Who speaks, by the part it takes in DTLS (RFC 5763 section 5): an offer leaves that open, an answer chooses.
    package enum Role: String, Sendable {
        case offer, answer
    }

    package struct Media: Equatable, Sendable {
        package var kind: String
        /// 0: refused.
        package var port: UInt16
        package var transport: String
        package var payloadTypes: [UInt8]
        package var connection: IPAddress?
        package var travel = Travel.sendrecv
        package var codecs: [Codec] = []
        /// Numbers and names of header extensions (RFC 8285 section 8).
        package var extensions: [Extension] = []
        package var crypto: [Crypto] = []
        package var fingerprint: String?
        package var userFragment: String?
        package var candidates: [Candidate] = []
        package var sources: [UInt32] = []
        /// Where RTCP is received, when not on the next port.
        package var controlPort: UInt16?
        package var sharesPort = false
        package var identifier: String?
        package var restrictions: [String] = []
        /// Streams of one source at once (RFC 8853): the names that are sent or asked for.
        package var simulcast: [String] = []

        /// The payload is protected (RFC 3711, RFC 5764).
        package var isProtected: Bool { transport.contains("SAVP") }

        /// Where the author receives it; nil where it is refused, on hold or somewhere unknown.
        package var endpoint: Endpoint? {
            guard port > 0, let connection, connection != .unspecified else { return nil }
            return Endpoint(address: connection, port: port)
        }
    }

    package struct Extension: Equatable, Sendable {
        package var identifier: UInt8
        package var name: String
    }

    /// Bounds of what is kept.
    static let mediaCapacity = 32
    static let entryCapacity = 128
    static let lineLimit = 4_096
    /// No description is as long.
    static let lengthLimit = 131_072

    package private(set) var media: [Media] = []
    package private(set) var connection: IPAddress?
    package private(set) var userFragment: String?
    package private(set) var fingerprint: String?
    package private(set) var role: Role?
    private var travel = Travel.sendrecv
    /// All of it was there: what is not said was not meant.
    package private(set) var isWhole: Bool

    /// Reads a description; nil where the bytes do not begin as one. Lines that make no sense are left out.
    ///
    /// - Parameter isWhole: nothing is cut off. Else the last line is left out, for it may not be whole.
    package init?(_ bytes: RawSpan, isWhole: Bool = true) {
        self.isWhole = isWhole
        let reader = ByteReader(bytes)
        guard reader.peekUInt8() == UInt8(ascii: "v"), reader.peekUInt8(ahead: 1) == UInt8(ascii: "=") else {
            return nil
        }
        read(bytes)
    }

    /// Reads a part of a description that is sent later: credentials and candidates (RFC 8840 section 9). nil where it has neither.
    package init?(fragment bytes: RawSpan) {
        isWhole = true
        read(bytes)
        guard media.contains(where: { $0.userFragment != nil || !$0.candidates.isEmpty }) || userFragment != nil else {
            return nil
        }
    }

    private mutating func read(_ bytes: RawSpan) {
        var reader = ByteReader(bytes.extracting(first: Self.lengthLimit))
        var line: [UInt8] = []
        while !reader.isAtEnd {  // each pass takes a byte
            let byte = reader.uint8()
            guard byte == 10 else {
                if line.count < Self.lineLimit { line.append(byte) }
                continue
            }
            if line.last == 13 { line.removeLast() }
            take(line)
            line.removeAll(keepingCapacity: true)
        }
        if isWhole { take(line) }
        for index in media.indices {
            media[index].connection = media[index].connection ?? connection
            media[index].userFragment = media[index].userFragment ?? userFragment
            media[index].fingerprint = media[index].fingerprint ?? fingerprint
        }
    }

    private mutating func take(_ line: [UInt8]) {
        guard line.count > 2, line[1] == UInt8(ascii: "=") else { return }
        let value = String(decoding: line[2...], as: UTF8.self)
        switch line[0] {
        case UInt8(ascii: "m"): takeMedia(value)
        case UInt8(ascii: "c"): takeConnection(value)
        case UInt8(ascii: "a"):
            let parts = value.split(separator: ":", maxSplits: 1)
            guard let name = parts.first else { return }
            takeAttribute(String(name), parts.count > 1 ? String(parts[1]) : "")
        default: break
        }
    }

    /// `m=audio 49170 RTP/AVP 0 96`
    private mutating func takeMedia(_ value: String) {
        let parts = value.split(separator: " ")
        guard parts.count >= 3, media.count < Self.mediaCapacity,
            let port = parts[1].split(separator: "/").first.flatMap({ UInt16($0) })
        else { return }
        var entry = Media(
            kind: String(parts[0]), port: port, transport: String(parts[2]),
            payloadTypes: parts.dropFirst(3).prefix(Self.entryCapacity).compactMap { UInt8($0) })
        entry.travel = travel
        media.append(entry)
    }

    /// `c=IN IP4 192.0.2.1/127`
    private mutating func takeConnection(_ value: String) {
        let parts = value.split(separator: " ")
        guard parts.count >= 3, let text = parts[2].split(separator: "/").first else { return }
        let address = IPAddress(parsing: String(text))
        if media.isEmpty { connection = address } else { media[media.count - 1].connection = address }
    }

    private mutating func takeAttribute(_ name: String, _ value: String) {
        if let direction = Travel(rawValue: name) {
            if media.isEmpty { travel = direction } else { media[media.count - 1].travel = direction }
            return
        }
        switch name {
        case "ice-ufrag": if media.isEmpty { userFragment = value } else { media[media.count - 1].userFragment = value }
        case "fingerprint": if media.isEmpty { fingerprint = value } else { media[media.count - 1].fingerprint = value }
        case "setup":
            switch value {
            case "actpass": role = .offer
            case "active", "passive": role = .answer
            default: break
            }
        default:
            // Candidates of a fragment may come without a medium: they are for all that share the first one's port.
            if media.isEmpty, name == "candidate" {
                media.append(Media(kind: "", port: 9, transport: "", payloadTypes: []))
            }
            if !media.isEmpty { media[media.count - 1].take(name, value) }
        }
    }
}

extension SessionDescription.Media {
    mutating func take(_ name: String, _ value: String) {
        let capacity = SessionDescription.entryCapacity
        switch name {
        case "rtpmap": if codecs.count < capacity { codecs += Self.codec(value).map { [$0] } ?? [] }
        case "extmap": if extensions.count < capacity { extensions += Self.headerExtension(value).map { [$0] } ?? [] }
        case "crypto": if crypto.count < capacity { crypto += Self.key(value).map { [$0] } ?? [] }
        case "candidate": if candidates.count < capacity { candidates += Self.candidate(value).map { [$0] } ?? [] }
        case "ssrc":
            if let source = value.split(separator: " ").first.flatMap({ UInt32($0) }), !sources.contains(source),
                sources.count < capacity
            {
                sources.append(source)
            }
        case "rtcp": controlPort = value.split(separator: " ").first.flatMap { UInt16($0) }
        case "rtcp-mux": sharesPort = true
        case "mid": identifier = value
        case "rid":
            if let first = value.split(separator: " ").first, restrictions.count < capacity {
                restrictions.append(String(first))
            }
        case "simulcast": simulcast = Self.streams(value)
        default: break
        }
    }

    /// `send hi;mid,~low recv 1`: names of alternatives, those that are paused among them (RFC 8853 section 5.1).
    private static func streams(_ value: String) -> [String] {
        let names = value.split { $0 == " " || $0 == ";" || $0 == "," }.filter { $0 != "send" && $0 != "recv" }
        return names.prefix(SessionDescription.entryCapacity).map { String($0.drop { $0 == "~" }) }
    }

    /// `96 opus/48000/2` (RFC 8866 section 6.6)
    private static func codec(_ value: String) -> SessionDescription.Codec? {
        let parts = value.split(separator: " ")
        guard parts.count == 2, let type = UInt8(parts[0]), type < 128 else { return nil }
        let encoding = parts[1].split(separator: "/")
        guard encoding.count >= 2, let rate = Int(encoding[1]), (1_000...1_000_000).contains(rate) else { return nil }
        return SessionDescription.Codec(payloadType: type, name: String(encoding[0]), clockRate: rate)
    }

    /// `3/sendonly urn:ietf:params:rtp-hdrext:toffset`
    private static func headerExtension(_ value: String) -> SessionDescription.Extension? {
        let parts = value.split(separator: " ")
        guard parts.count >= 2, let number = parts[0].split(separator: "/").first.flatMap({ UInt8($0) }), number > 0
        else { return nil }
        return SessionDescription.Extension(identifier: number, name: String(parts[1]))
    }

    /// `1 AES_CM_128_HMAC_SHA1_80 inline:key|lifetime|MKI:length` (RFC 4568 section 9.1)
    private static func key(_ value: String) -> SessionDescription.Crypto? {
        let parts = value.split(separator: " ")
        guard parts.count >= 3, let tag = Int(parts[0]), parts[2].hasPrefix("inline:") else { return nil }
        let fields = parts[2].dropFirst(7).split(separator: "|", omittingEmptySubsequences: false)
        guard let text = fields.first, let secret = Base64.decode(text.utf8) else { return nil }
        return SessionDescription.Crypto(
            tag: tag, suite: String(parts[1]), secret: secret,
            hasIdentifier: fields.dropFirst().contains { $0.contains(":") })
    }

    /// `1 1 udp 2130706431 192.0.2.1 54321 typ host …` (RFC 8839 section 5.1)
    package static func candidate(_ value: String) -> SessionDescription.Candidate? {
        let parts = value.split(separator: " ")
        guard parts.count >= 8, parts[6] == "typ", let component = Int(parts[1]), let priority = UInt32(parts[3]),
            let port = UInt16(parts[5])
        else { return nil }
        let fragment = parts.indices.dropFirst(8).first { parts[$0] == "ufrag" && $0 + 1 < parts.count }
        return SessionDescription.Candidate(
            component: component, transport: parts[2].lowercased(), priority: priority,
            endpoint: IPAddress(parsing: String(parts[4])).map { Endpoint(address: $0, port: port) },
            type: String(parts[7]), userFragment: fragment.map { String(parts[$0 + 1]) })
    }
}
