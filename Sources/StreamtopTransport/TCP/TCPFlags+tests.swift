import StreamtopWire

/// Tests of single flags as plain bit tests: `contains` of an option set from another room is a generic call, and these
/// run several times for every segment.
extension TCPFlags {
    @inline(__always) var isFin: Bool { rawValue & 0x001 != 0 }
    @inline(__always) var isSyn: Bool { rawValue & 0x002 != 0 }
    @inline(__always) var isRst: Bool { rawValue & 0x004 != 0 }
    @inline(__always) var isAck: Bool { rawValue & 0x010 != 0 }
    @inline(__always) var isEce: Bool { rawValue & 0x040 != 0 }
    @inline(__always) var isCwr: Bool { rawValue & 0x080 != 0 }
    @inline(__always) var isAe: Bool { rawValue & 0x100 != 0 }
}
