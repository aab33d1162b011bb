/// What the program map says an elementary stream is (ISO/IEC 13818-1 table 2-34 and registrations), as users name it.
package enum ElementaryStreamType {
    package static func name(_ type: UInt8) -> String? {
        switch type {
        case 0x01: "mpeg1-video"
        case 0x02: "mpeg2-video"
        case 0x03, 0x04: "mpeg-audio"
        case 0x0f: "aac"
        case 0x10: "mpeg4-video"
        case 0x11: "aac-latm"
        case 0x15: "id3"
        case 0x1b: "h264"
        case 0x24: "hevc"
        case 0x33: "vvc"
        case 0x81: "ac3"
        case 0x86: "scte35"
        case 0x87: "eac3"
        default: nil
        }
    }

    package static func isVideo(_ type: UInt8) -> Bool { [0x01, 0x02, 0x10, 0x1b, 0x24, 0x33].contains(type) }
    package static func isAudio(_ type: UInt8) -> Bool { [0x03, 0x04, 0x0f, 0x11, 0x81, 0x87].contains(type) }
}

package struct ProgramMap: Equatable, Sendable {
    package struct Stream: Equatable, Sendable {
        package var type: UInt8
        package var pid: UInt16
        /// Four characters of a registration descriptor, where private data carries one.
        package var registration: UInt32?
    }

    /// Elementary streams kept of one program.
    package static var streamCapacity: Int { 32 }

    package var program: UInt16
    package var clockPID: UInt16
    package var streams: [Stream] = []

    /// Reads a section of table 2 from its pointer field on (section 2.4.4.8); nil where it is none or does not lie in one
    /// packet, which maps of ordinary programs do.
    @_lifetime(reader: copy reader)
    package init?(section reader: inout ByteReader) {
        guard var body = reader.section(table: 2), body.remaining >= 9 else { return nil }
        program = body.uint16()
        body.skip(3)
        clockPID = body.uint16() & 0x1fff
        body.skip(Int(body.uint16() & 0xfff))
        while body.remaining >= 5 + 4, streams.count < Self.streamCapacity {  // a checksum follows
            let type = body.uint8()
            let pid = body.uint16() & 0x1fff
            var descriptors = body.reader(of: Int(body.uint16() & 0xfff))
            var registration: UInt32?
            while descriptors.remaining >= 2 {
                let tag = descriptors.uint8()
                var content = descriptors.reader(of: Int(descriptors.uint8()))
                if tag == 5, content.remaining >= 4 { registration = content.uint32() }
            }
            streams.append(Stream(type: type, pid: pid, registration: registration))
        }
    }
}

package struct ProgramAssociation: Equatable, Sendable {
    package static var programCapacity: Int { 32 }

    package var transportStream: UInt16
    /// Program number and the PID of its map; program 0 names the network table.
    package var programs: [(number: UInt16, pid: UInt16)] = []

    package static func == (left: ProgramAssociation, right: ProgramAssociation) -> Bool {
        left.transportStream == right.transportStream
            && left.programs.elementsEqual(right.programs) { $0.number == $1.number && $0.pid == $1.pid }
    }

    /// Reads a section of table 0 from its pointer field on (section 2.4.4.3).
    @_lifetime(reader: copy reader)
    package init?(section reader: inout ByteReader) {
        guard var body = reader.section(table: 0), body.remaining >= 5 else { return nil }
        transportStream = body.uint16()
        body.skip(3)
        while body.remaining >= 4 + 4, programs.count < Self.programCapacity {
            let number = body.uint16()
            programs.append((number, body.uint16() & 0x1fff))
        }
    }
}

extension ByteReader {
    /// What follows the length of a whole section of that table, checksum included.
    @_lifetime(copy self)
    @_lifetime(self: copy self)
    fileprivate mutating func section(table: UInt8) -> ByteReader? {
        guard remaining >= 4 else { return nil }
        skip(Int(uint8()))
        guard remaining >= 3, uint8() == table else { return nil }
        let length = Int(uint16() & 0xfff)
        guard length <= remaining else { return nil }
        return reader(of: length)
    }
}
