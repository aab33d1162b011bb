import StreamtopBase

/// Which protocol a byte stream can be the beginning of, by its first bytes. A first sorting, as far as the bytes go: each
/// protocol's reader has the last word.
package struct StreamIdentity: Equatable, Sendable {
    package var kind: ProtocolKind
    /// Only a client begins like this, or only a server; nil where it cannot be told.
    package var isClient: Bool?

    /// nil where no protocol of ours begins like this.
    package init?(of bytes: RawSpan) {
        if TLSProbe.canBegin(bytes) {
            kind = .tls
            isClient = TLSProbe.isClientHello(bytes) ? true : nil
            return
        }
        if HTTP2FrameDecoder.canBeginAsServer(bytes) {
            (kind, isClient) = (.http2, false)
            return
        }
        if RTMPReader.canBegin(bytes) {
            (kind, isClient) = (.rtmp, true)
            return
        }
        if RTMPLateReader.canContinue(bytes) {
            (kind, isClient) = (.rtmp, nil)
            return
        }
        if STUNProbe.beginsStream(bytes) {
            (kind, isClient) = (.stun, STUNProbe.isClientStream(bytes))
            return
        }
        // The first segments of every flow are asked, and bulk data is full of letters.
        guard Self.mayBeWords(bytes) else { return nil }
        let rtsp = RTSPReader.canBegin(bytes)
        if rtsp.kind {
            (kind, isClient) = (.rtsp, rtsp.isClient)
            return
        }
        if SIPProbe.isMessage(bytes) {
            (kind, isClient) = (.sip, nil)
            return
        }
        switch HTTP1Probe(bytes) {
        case .request: (kind, isClient) = (.http1, true)
        case .response: (kind, isClient) = (.http1, false)
        case .undecided: (kind, isClient) = (.http1, nil)
        case .none:
            guard HTTP2FrameDecoder.canBegin(bytes) else { return nil }
            (kind, isClient) = (.http2, true)
        }
    }

    /// A word and a space behind it, which RTSP, SIP and HTTP begin with, as far as the bytes go; empty lines may stand before
    /// it, and a version of HTTP is believed alone.
    @inline(__always)
    private static func mayBeWords(_ bytes: RawSpan) -> Bool {
        let reader = ByteReader(bytes)
        guard let first = reader.peekUInt8() else { return false }
        if first == UInt8(ascii: "H") || first == 0x0d || first == 0x0a { return true }
        return HTTP1StartLine.isTokenByte(first) && HTTP1StartLine.mayHaveSpace(reader)
    }
}
