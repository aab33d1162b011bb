import StreamtopBase

/// Walks the frames of one decrypted payload: a frame a call, nil at the end.
package enum QUICFrameDecoder {
    /// Decodes the next frame and moves behind it. A run of PADDING comes as one frame. Each call that returns a frame
    /// takes at least one byte, so a loop over it ends.
    ///
    /// - Throws: `.unsupported` with the type for frames of extensions that we do not know (nothing behind them can be
    ///   found, for frames have no common length field).
    @_lifetime(reader: copy reader)
    package static func next(_ reader: inout ByteReader) throws(DecodeError) -> QUICFrame? {
        guard let first = reader.peekUInt8() else { return nil }
        if first == 0 { return padding(&reader) }
        let type = try reader.quicInteger(in: .quicFrame)
        switch type {
        case 0x01: return .ping
        case 0x02, 0x03: return .ack(try QUICAckFrame(decoding: &reader, withECN: type == 3))
        case 0x06: return .crypto(offset: try reader.frameInteger(), try bytes(&reader))
        case 0x07: return .newToken(try bytes(&reader))
        case 0x08...0x0f: return try stream(&reader, flags: UInt8(type & 7))
        case 0x1e: return .handshakeDone
        case 0x1c, 0x1d: return try close(&reader, isApplication: type == 0x1d)
        case 0x04, 0x05, 0x10...0x17: return try flowControl(&reader, type: type)
        case 0x18...0x1b: return try path(&reader, type: type)
        case 0x30:
            let rest = QUICFrameBytes(start: reader.consumed, count: reader.remaining)
            reader.skip(rest.count)
            return .datagram(rest)
        case 0x31: return .datagram(try bytes(&reader))
        case 0xaf:
            for _ in 0..<4 { _ = try reader.frameInteger() }
            return .ackFrequency
        case 0x1f: return .immediateAck
        default: throw reader.unsupported(.quicFrame, UInt32(truncatingIfNeeded: type))
        }
    }

    @_lifetime(reader: copy reader)
    private static func padding(_ reader: inout ByteReader) -> QUICFrame {
        var count = 0
        while reader.peekUInt8() == 0 {  // each pass takes one byte
            reader.skip(1)
            count += 1
        }
        return .padding(count: count)
    }

    /// Length and that many bytes.
    @_lifetime(reader: copy reader)
    private static func bytes(_ reader: inout ByteReader) throws(DecodeError) -> QUICFrameBytes {
        let length = try reader.quicLength(in: .quicFrame)
        defer { reader.skip(length) }
        return QUICFrameBytes(start: reader.consumed, count: length)
    }

    /// RFC 9000 section 19.8: the low bits of the type are OFF, LEN and FIN.
    @_lifetime(reader: copy reader)
    private static func stream(_ reader: inout ByteReader, flags: UInt8) throws(DecodeError) -> QUICFrame {
        let identifier = try reader.frameInteger()
        let offset = flags & 4 != 0 ? try reader.frameInteger() : 0
        var data = QUICFrameBytes(start: reader.consumed, count: reader.remaining)
        if flags & 2 != 0 { data = try bytes(&reader) } else { reader.skip(data.count) }
        guard offset &+ UInt64(data.count) < 1 << 62 else { throw reader.malformed(.quicFrame, .forbiddenValue) }
        return .stream(identifier: identifier, offset: offset, data, isLast: flags & 1 != 0)
    }

    @_lifetime(reader: copy reader)
    private static func close(_ reader: inout ByteReader, isApplication: Bool) throws(DecodeError) -> QUICFrame {
        let code = try reader.frameInteger()
        if !isApplication { _ = try reader.frameInteger() }
        return .connectionClose(errorCode: code, isApplication: isApplication, reason: try bytes(&reader))
    }

    @_lifetime(reader: copy reader)
    private static func flowControl(_ reader: inout ByteReader, type: UInt64) throws(DecodeError) -> QUICFrame {
        let first = try reader.frameInteger()
        switch type {
        case 0x10: return .maxData(first)
        case 0x12, 0x13: return .maxStreams(isBidirectional: type == 0x12, first)
        case 0x14: return .dataBlocked(limit: first)
        case 0x16, 0x17: return .streamsBlocked(isBidirectional: type == 0x16, limit: first)
        default: break
        }
        let second = try reader.frameInteger()
        switch type {
        case 0x05: return .stopSending(stream: first, errorCode: second)
        case 0x11: return .maxStreamData(stream: first, second)
        case 0x15: return .streamDataBlocked(stream: first, limit: second)
        default: return .resetStream(stream: first, errorCode: second, finalSize: try reader.frameInteger())
        }
    }

    @_lifetime(reader: copy reader)
    private static func path(_ reader: inout ByteReader, type: UInt64) throws(DecodeError) -> QUICFrame {
        switch type {
        case 0x18:
            let sequence = try reader.frameInteger()
            let retire = try reader.frameInteger()
            try reader.require(1, in: .quicFrame)
            let length = Int(reader.uint8())
            guard (1...QUICConnectionID.maximumLength).contains(length) else {
                throw reader.malformed(.quicFrame, .forbiddenValue)
            }
            try reader.require(length + 16, in: .quicFrame)
            let identifier = QUICConnectionID(&reader, length: length) ?? QUICConnectionID()
            let token = QUICResetToken(high: reader.uint64(), low: reader.uint64())
            return .newConnectionID(sequence: sequence, retirePriorTo: retire, identifier, token: token)
        case 0x19:
            return .retireConnectionID(sequence: try reader.frameInteger())
        default:
            try reader.require(8, in: .quicFrame)
            let data = reader.uint64()
            return type == 0x1a ? .pathChallenge(data) : .pathResponse(data)
        }
    }
}

extension ByteReader {
    @_lifetime(self: copy self)
    fileprivate mutating func frameInteger() throws(DecodeError) -> UInt64 { try quicInteger(in: .quicFrame) }
}
