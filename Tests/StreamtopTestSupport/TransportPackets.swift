/// MPEG transport stream packets, made from their parts.
package enum TransportPackets {
    /// A packet of 188 bytes: the adaptation field holds flags and a clock where asked for, and fills up what the payload leaves.
    package static func packet(
        pid: UInt16, counter: UInt8, begins: Bool = false, payload: [UInt8]? = nil, clock: UInt64? = nil,
        discontinuity: Bool = false, randomAccess: Bool = false
    ) -> [UInt8] {
        var field: [UInt8] = []
        let needsField = clock != nil || discontinuity || randomAccess
        let room = 184
        let content = payload.map { Array($0.prefix(needsField ? 175 : 184)) }
        if needsField || (content?.count ?? 0) < room {
            let length = room - (content?.count ?? 0) - 1
            if length > 0 {
                field.append((discontinuity ? 0x80 : 0) | (randomAccess ? 0x40 : 0) | (clock == nil ? 0 : 0x10))
                if let clock {
                    let base = clock / 300
                    let rest = clock % 300
                    field += [25, 17, 9, 1].map { UInt8(truncatingIfNeeded: base >> $0) }
                    field += [UInt8(base & 1) << 7 | 0x7e | UInt8(rest >> 8), UInt8(truncatingIfNeeded: rest)]
                }
                field += [UInt8](repeating: 0xff, count: max(0, length - field.count))
            }
            field.insert(UInt8(max(0, length)), at: 0)
        }
        let control: UInt8 = (field.isEmpty ? 0 : 0x20) | (payload == nil ? 0 : 0x10)
        let head: [UInt8] = [
            0x47, (begins ? 0x40 : 0) | UInt8(pid >> 8), UInt8(truncatingIfNeeded: pid), control | counter & 15,
        ]
        return head + field + (content ?? [])
    }

    package static func association(program: UInt16 = 1, map: UInt16) -> [UInt8] {
        [
            0, 0, 0xb0, 13, 0, 1, 0xc1, 0, 0, UInt8(program >> 8), UInt8(program & 255), 0xe0 | UInt8(map >> 8),
            UInt8(map & 255),
        ]
            + [0, 0, 0, 0]
    }

    package static func map(program: UInt16 = 1, clock: UInt16, streams: [(type: UInt8, pid: UInt16)]) -> [UInt8] {
        var body: [UInt8] = [
            UInt8(program >> 8), UInt8(program & 255), 0xc1, 0, 0, 0xe0 | UInt8(clock >> 8), UInt8(clock & 255), 0xf0,
            0,
        ]
        for stream in streams {
            body += [stream.type, 0xe0 | UInt8(stream.pid >> 8), UInt8(stream.pid & 255), 0xf0, 0]
        }
        body += [0, 0, 0, 0]
        return [0, 2, 0xb0, UInt8(body.count)] + body
    }

    /// The beginning of a PES packet of video with both times, in 90 kHz.
    package static func unit(presentation: UInt64, decode: UInt64) -> [UInt8] {
        func time(_ value: UInt64, _ mark: UInt8) -> [UInt8] {
            let high: UInt8 = mark << 4 | UInt8(value >> 30 & 7) << 1 | 1
            let middle = UInt16(value >> 15 & 0x7fff) << 1 | 1
            let low = UInt16(value & 0x7fff) << 1 | 1
            let words: [UInt16] = [middle, low]
            return [high] + words.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
        }
        let head: [UInt8] = [0, 0, 1, 0xe0, 0, 0, 0x80, 0xc0, 10]
        return head + time(presentation, 3) + time(decode, 1) + [0xaa, 0xbb]
    }
}
