import StreamtopApplication
import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopSecurity
import StreamtopWire

/// The media of one flow: RTP with its RTCP, and the protection around both where DTLS on the same ports agreed on one (RFC
/// 5764). Headers are clear in SRTP: without keys only payloads and reports are missing.
struct MediaFlow: LayerState, ~Copyable {
    // What each packet asks comes first.

    /// As far as that goes.
    static var busyBytes: Int { 256 }

    /// Neither STUN nor DTLS speak on the same ports.
    var isAlone = false
    /// Generation of the descriptions that were looked at.
    private(set) var described = 0
    /// Generation of the secrets that were searched for keys.
    private var searched = -1
    /// What was opened of the packet at hand; kept for its storage.
    private var opened: [UInt8] = []
    var rtp: RTPFlowTracker
    private var client: SRTPOpener?
    private var server: SRTPOpener?
    private var ends: BothDirections<Endpoint>
    private let depth = AddressOnly()

    /// `ordinal` is the flow's identity: the number of the frame that opened it.
    init(ordinal: UInt64, between hosts: HostPair, ends: BothDirections<Endpoint>) {
        rtp = RTPFlowTracker(ordinal, between: hosts, ends: ends)
        self.ends = ends
    }

    /// Takes what signalling says of the ends: codecs, and keys where it gives them in clear (RFC 4568). `checks` are the names under
    /// which the ends check the path.
    mutating func describe(by descriptions: MediaDescriptions, _ checks: [ICEUserName]) {
        described = descriptions.generation
        for name in checks {
            for fragment in [name.first, name.second] {
                if let end = descriptions[fragment: fragment] { rtp.expect(end) }
            }
        }
        let client = descriptions[ends.client]
        let server = descriptions[ends.server]
        for description in [client, server].compactMap({ $0 }) { rtp.expect(description) }
        guard !hasKeys else { return }
        // What an end sends with stands in its own description; which one the ends chose, in that of the answer.
        let own = client?.keys.first ?? server?.otherKeys.first
        let other = server?.keys.first ?? client?.otherKeys.first
        if let own {
            self.client = SRTPOpener(suite: own.suite, secret: own.secret, hasIdentifier: own.hasIdentifier)
        }
        if let other {
            self.server = SRTPOpener(suite: other.suite, secret: other.secret, hasIdentifier: other.hasIdentifier)
        }
    }

    /// Nobody has anything to say of the media that was not heard.
    func isPrepared(_ descriptions: Int) -> Bool {
        isAlone && described == descriptions && (hasKeys || rtp.inherited == nil)
    }

    var hasKeys: Bool { searched == .max }

    /// The keys are not known, and secrets came since they were last looked for.
    func wantsKeys(_ generation: Int?) -> Bool { !hasKeys && generation != nil && generation != searched }

    /// Takes the keys that DTLS agreed on, as far as the secrets of this generation give them.
    mutating func take(_ keys: (protection: SRTPProtection, keys: SRTPMasterKeys)?, _ generation: Int?) {
        searched = generation ?? searched
        guard let (protection, keys) = keys else { return }
        client = SRTPOpener(protection, keys.client)
        server = SRTPOpener(protection, keys.server)
        searched = .max
    }

    /// A datagram that begins as RTP and RTCP do; `wireLength` is its length on the wire. True where the streams hold as much as before.
    mutating func observe(
        _ packet: RawSpan, wireLength: Int, tables: inout MediaTables, _ now: inout Observation
    ) -> Bool {
        let before = rtp.heldBytes
        if !opened.isEmpty { opened.removeAll(keepingCapacity: true) }
        if packet.byteCount == wireLength, open(packet, now.direction) {
            // Out of this value while its parts are changed.
            var content: [UInt8] = []
            swap(&content, &opened)
            // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
            _ = unsafe rtp.observe(
                packet, wireLength: wireLength, opened: content.span.bytes, tables: &tables, &now)
            swap(&content, &opened)
        } else {
            _ = rtp.observe(packet, wireLength: wireLength, tables: &tables, &now)
        }
        return rtp.heldBytes == before
    }

    private mutating func open(_ packet: RawSpan, _ direction: Direction) -> Bool {
        if direction == .fromClient {
            return client != nil && Self.open(packet, with: &client, into: &opened)
        }
        return server != nil && Self.open(packet, with: &server, into: &opened)
    }

    private static func open(_ packet: RawSpan, with opener: inout SRTPOpener?, into output: inout [UInt8]) -> Bool {
        if RTCPTracker.canBegin(packet) { return opener?.openControl(packet, into: &output) ?? false }
        var reader = ByteReader(packet)
        guard let header = try? RTPHeader(decoding: &reader) else { return false }
        return opener?.open(packet, header, into: &output) ?? false
    }

    mutating func exchangeEnds() {
        rtp.exchangeEnds()
        swap(&client, &server)
        ends = BothDirections(client: ends.server, server: ends.client)
    }

    func report(into flow: inout FlowSnapshot, at time: Timestamp) {}

    func report(into flow: inout FlowSnapshot, tables: borrowing MediaTables, at time: Timestamp) {
        if rtp.hasStreams {
            flow.rtp = rtp.report(at: time, tables: tables)
            flow.protocols.append((rtp.looksProtected ? ProtocolKind.srtp : .rtp).rawValue)
        }
        if rtp.hasRTCP {
            flow.rtcp = rtp.rtcp.report { rtp.clockRate(of: $0) }
            flow.protocols.append((rtp.isProtected ? ProtocolKind.srtcp : .rtcp).rawValue)
            if rtp.rtcp.isRIST { flow.protocols.append(ProtocolKind.rist.rawValue) }
        }
    }
}
