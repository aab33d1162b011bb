import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// Media over QUIC in a WebTransport session that names no protocol, as all drafts up to 14 have it: the first stream that the
/// client opens begins with the drafts that it can, and the server chooses one (draft-ietf-moq-transport-14 section 9.3). Both
/// must have said so.
struct MoQSetup: Sendable {
    /// Own: types, lengths, and the first version of a list.
    private static let lengthLimit = 32

    /// The stream on which it is agreed: the client's first.
    private var stream: UInt64?
    private var held = BothDirections(client: [UInt8](), server: [UInt8]())
    /// It is something else.
    private var isRefuted = false

    init() {}

    /// The next bytes of a stream that the client opened in both directions; the draft once both have named theirs.
    mutating func observe(_ bytes: RawSpan, _ stream: UInt64, _ direction: Direction) -> Int? {
        if self.stream == nil { self.stream = stream }
        guard !isRefuted, self.stream == stream else { return nil }
        var reader = ByteReader(bytes)
        reader.append(min(bytes.byteCount, Self.lengthLimit - held[direction].count), to: &held[direction])
        let asked = Self.draft(held.client, .fromClient)
        let chosen = Self.draft(held.server, .fromServer)
        if let chosen, asked != nil { return chosen }
        // Who has said enough and has named none speaks something else.
        isRefuted =
            asked == nil && held.client.count == Self.lengthLimit
            || chosen == nil && held.server.count == Self.lengthLimit
        return nil
    }

    /// The first version named: types 0x40 and 0x41 with a length that is an integer up to draft 10, 0x20 and 0x21 with one of
    /// 16 bits since.
    private static func draft(_ bytes: [UInt8], _ direction: Direction) -> Int? {
        let isClient = direction == .fromClient
        var reader = ByteReader(unsafe bytes.span.bytes)  // UInt8 has no padding
        guard let type = try? reader.quicInteger(in: .http3) else { return nil }
        switch type {
        case isClient ? 0x20 : 0x21: reader.skip(2)
        case isClient ? 0x40 : 0x41: guard (try? reader.quicInteger(in: .http3)) != nil else { return nil }
        default: return nil
        }
        if isClient {
            guard let count = try? reader.quicInteger(in: .http3), (1...32).contains(count) else { return nil }
        }
        guard let version = try? reader.quicInteger(in: .http3), version >> 8 == 0xff_0000 else { return nil }
        return version & 0xff > 0 ? Int(version & 0xff) : nil
    }
}
