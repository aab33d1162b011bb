import StreamtopBase
import StreamtopCrypto
import StreamtopWire

func fuzzMessages(_ bytes: [UInt8]) {
    let span = unsafe bytes.span.bytes  // UInt8 has no padding
    var hello = ByteReader(span)
    _ = try? TLSClientHello(decoding: &hello)
    var datagramHello = ByteReader(span)
    _ = try? TLSClientHello(decoding: &datagramHello, datagram: true)
    var answer = ByteReader(span)
    _ = try? TLSServerHello(decoding: &answer)
    var certificate = ByteReader(span)
    _ = try? TLSCertificateMessage(decoding: &certificate, version13: bytes.first ?? 0 > 127)
    var packet = ByteReader(span)
    _ = try? QUICLongHeader(decoding: &packet)
    var parameters = ByteReader(span)
    _ = try? QUICTransportParameters(decoding: &parameters)
    var frames = ByteReader(span)
    while let frame = try? QUICFrameDecoder.next(&frames) { _ = frame }
}
