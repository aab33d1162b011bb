import Foundation
import StreamtopApplication

/// What one fuzzing run feeds its bytes to; chosen by STREAMTOP_FUZZ.
enum FuzzTarget: String, CaseIterable {
    /// One frame of any link type: the first two bytes choose it.
    case frame
    /// A whole capture file: reader, decoders, trackers, judgement, JSON.
    case file
    /// Decoders of TLS and DTLS messages, certificates, fingerprints: the first byte chooses.
    case tls
    /// Both byte streams of a TLS connection, decryption and what lies behind it.
    case tlsStream = "tls-stream"
    /// Datagrams of a DTLS association.
    case dtls
    /// Decoders of QUIC packets, frames and parameters: the first byte chooses.
    case quic
    /// Datagrams of a QUIC connection, decryption and what lies behind it.
    case quicConnection = "quic-connection"
    /// The streams of an HTTP/3 connection.
    case http3
    /// Both byte streams of an HTTP/1.1 connection.
    case http1
    /// Both byte streams of an HTTP/2 connection.
    case http2
    /// Both byte streams of a WebSocket.
    case webSocket = "websocket"
    /// Datagrams of STUN and TURN.
    case stun
    /// Boxes of ISO media.
    case boxes
    /// DASH manifests, HLS playlists, content codings.
    case manifest
    /// From exchanges to media sessions.
    case session
    /// The streams of Media over QUIC.
    case moq
    /// MPEG transport streams: datagrams.
    case mpegTS = "mpegts"
    /// Datagrams of SRT.
    case srt
    /// Both byte streams of RTMP.
    case rtmp
    /// Both byte streams of RTSP, with RTP between.
    case rtsp
    /// STUN, TURN and channel data in a stream, in pieces of any size.
    case turn
    /// Datagrams of RTP and RTCP on one port.
    case rtp
    /// Compounds of RTCP, and SRTCP.
    case rtcp
    /// Packets of SCTP.
    case sctp
    /// Session descriptions.
    case sdp
    /// Datagrams and streams of SIP.
    case sip
    /// Key log text.
    case keylog
    /// Answers of the host's kernel and files below /proc.
    case host

    static let chosen =
        ProcessInfo.processInfo.environment["STREAMTOP_FUZZ"].flatMap(FuzzTarget.init(rawValue:)) ?? .file

    func run(_ bytes: [UInt8]) {
        switch self {
        case .frame: fuzzFrame(bytes)
        case .file: fuzzFile(bytes)
        case .tls: fuzzTLSMessages(bytes)
        case .tlsStream: fuzzTLSStream(bytes)
        case .dtls: fuzzDTLS(bytes)
        case .quic: fuzzQUICMessages(bytes)
        case .quicConnection: fuzzQUICConnection(bytes)
        case .http3: fuzzStreams(bytes, HTTP3ConnectionTracker())
        case .http1: fuzzStream(bytes, HTTP1ConnectionTracker(isSecure: false))
        case .http2: fuzzStream(bytes, HTTP2ConnectionTracker())
        case .webSocket: fuzzWebSocket(bytes)
        case .stun: fuzzSTUN(bytes)
        case .boxes: fuzzBoxes(bytes)
        case .manifest: fuzzManifest(bytes)
        case .session: fuzzSession(bytes)
        case .moq: fuzzStreams(bytes, MoQTracker(name: "moq-00"))
        case .mpegTS: fuzzDatagrams(bytes, TransportStreamTracker(on: .numbered))
        case .srt: fuzzDatagrams(bytes, SRTTracker())
        case .rtmp: fuzzStream(bytes, RTMPTracker())
        case .rtsp: fuzzStream(bytes, RTSPTracker())
        case .turn: fuzzTURNStream(bytes)
        case .rtp: fuzzRTP(bytes)
        case .rtcp: fuzzRTCP(bytes)
        case .sctp: fuzzSCTP(bytes)
        case .sdp: fuzzSDP(bytes)
        case .sip: fuzzSIP(bytes)
        case .keylog: fuzzKeyLog(bytes)
        case .host: fuzzHost(bytes)
        }
    }
}

/// libFuzzer calls this with every input it thinks of. Any trap, sanitizer report or endless loop is a find.
///
/// The pointer is valid for `size` bytes during the call, which is libFuzzer's contract; they are copied at once.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = unsafe data.map { unsafe Array(UnsafeBufferPointer(start: $0, count: size)) } ?? []
    FuzzTarget.chosen.run(bytes)
    return 0
}

/// libFuzzer's own driver (FuzzerInterface.h).
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The package manager makes `main` an alias of this name; the arguments go on to the driver as they came.
@_cdecl("streamtop_fuzz_main")
public func fuzzMain(
    _ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
    var count = count
    var arguments = unsafe arguments
    return unsafe runDriver(&count, &arguments, { unsafe fuzzOneInput($0, $1) })
}
