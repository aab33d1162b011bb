import StreamtopBase
import StreamtopModel
import StreamtopWire

/// Reads messages of signalling, one after the other, for what they say of a call.
struct SignallingReader: Sendable {
    /// Longest part of a description (RFC 8840) that is read.
    static let fragmentLimit = 16_384
    /// Descriptions that an exchange or a connection keeps, candidates sent one by one among them.
    static let capacity = 64

    static let limits =
        DescriptionScanner.limits + [
            Limit("signalling messages", capacity, per: .stream, policy: "later ones are not kept"),
            Limit(
                "fragment of a description", fragmentLimit, .bytes, per: .stream, policy: "a longer one is not read"),
        ]

    private var scanner = DescriptionScanner()
    /// A fragment, which nothing but its content type announces; nil where any text is searched.
    private var fragment: [UInt8]?

    init(isFragment: Bool = false) { fragment = isFragment ? [] : nil }

    /// For content of this type; nil where it is none that signals.
    init?(contentType: String?, coding: String?) {
        guard coding == nil || coding?.lowercased() == "identity", let contentType else { return nil }
        let type = contentType.prefix { $0 != ";" && $0 != " " }.lowercased()
        switch type {
        case "application/sdp", "application/json", "text/json": self.init()
        case "application/trickle-ice-sdpfrag": self.init(isFragment: true)
        default: return nil
        }
    }

    var heldBytes: Int { scanner.heldBytes + (fragment?.capacity ?? 0) }

    var isSearching: Bool { fragment != nil || scanner.isSearching }

    mutating func feed(_ bytes: RawSpan) {
        guard fragment != nil else { return scanner.feed(bytes) }
        var text: [UInt8] = []
        swap(&text, &fragment!)
        var reader = ByteReader(bytes)
        reader.append(min(bytes.byteCount, Self.fragmentLimit - text.count), to: &text)
        swap(&text, &fragment!)
    }

    /// Bytes of the message will never come.
    mutating func lose() {
        scanner.lose()
        if fragment != nil { fragment = [] }
    }

    /// The message is complete: what it says.
    mutating func end(at time: Timestamp, from direction: Direction) -> [CallDescription] {
        if let text = fragment {
            fragment = []
            // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
            guard let found = SessionDescription(fragment: unsafe text.span.bytes) else { return [] }
            return [CallDescription(found, isFragment: true, at: time, from: direction)]
        }
        var descriptions: [CallDescription] = []
        for one in scanner.end() {
            switch one {
            case .description(let text):
                guard let found = SessionDescription(unsafe text.span.bytes) else { continue }
                descriptions.append(CallDescription(found, isFragment: false, at: time, from: direction))
            case .candidate(let text):
                let value = String(decoding: text.dropFirst("candidate:".utf8.count), as: UTF8.self)
                guard let found = SessionDescription.Media.candidate(value) else { continue }
                var description = CallDescription(time: time, from: direction)
                description.role = .candidates
                description.add(found)
                descriptions.append(description)
            }
        }
        // Without credentials it is no call's: RTSP and plain SIP describe media by addresses.
        return descriptions.filter { !$0.userFragments.isEmpty || $0.role == .candidates }
    }
}

extension CallDescription {
    init(_ description: SessionDescription, isFragment: Bool, at time: Timestamp, from direction: Direction) {
        self.init(time: time, from: direction)
        switch description.role {
        case _ where isFragment: role = .candidates
        case .offer?: role = .offer
        case .answer?: role = .answer
        case nil: role = nil
        }
        if let fragment = description.userFragment { userFragments = [fragment] }
        if let print = description.fingerprint { fingerprints = [print] }
        for section in description.media {
            if section.port > 0, !section.kind.isEmpty { media.append(section.kind) }
            if let fragment = section.userFragment { Self.add(fragment, to: &userFragments) }
            if let print = section.fingerprint { Self.add(print, to: &fingerprints) }
            for codec in section.codecs {
                Self.add(
                    Codec(payloadType: codec.payloadType, name: codec.name, clockRate: codec.clockRate), to: &codecs)
            }
            for one in section.extensions {
                Self.add(Extension(identifier: one.identifier, name: one.name), to: &extensions)
            }
            for candidate in section.candidates { add(candidate) }
            for name in section.simulcast { Self.add(name, to: &simulcast) }
        }
    }

    /// Of each kind of entry as many are kept.
    private static let capacity = 128

    private static func add<Value: Hashable>(_ value: Value, to list: inout [Value]) {
        if list.count < capacity, !list.contains(value) { list.append(value) }
    }

    mutating func add(_ candidate: SessionDescription.Candidate) {
        Self.add(
            Candidate(type: candidate.type, transport: candidate.transport, endpoint: candidate.endpoint),
            to: &candidates)
        if let fragment = candidate.userFragment { Self.add(fragment, to: &userFragments) }
    }
}
