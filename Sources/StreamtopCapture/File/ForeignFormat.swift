/// Files people mistake for captures, told by their first bytes, and what to do about them.
enum ForeignFormat {
    static func recognise(_ start: ArraySlice<UInt8>) -> (name: String, hint: String)? {
        let known: [([UInt8], String, String)] = [
            (Array("snoop\0\0\0".utf8), "a snoop capture", "Convert it: editcap -F pcapng OLD NEW"),
            (
                [0xfd, 0x37, 0x7a, 0x58, 0x5a], "compressed with xz",
                "Unpack it on the way: xz -dc FILE | streamtop -r -"
            ),
            (Array("BZh".utf8), "compressed with bzip2", "Unpack it on the way: bzip2 -dc FILE | streamtop -r -"),
            ([0x04, 0x22, 0x4d, 0x18], "compressed with lz4", "Unpack it on the way: lz4 -dc FILE | streamtop -r -"),
            ([0x50, 0x4b, 0x03, 0x04], "a zip archive", "Unpack it on the way: unzip -p FILE | streamtop -r -"),
            (Array("RTSS".utf8), "a Network Monitor capture", "Convert it: editcap -F pcapng OLD NEW"),
            (Array("GMBU".utf8), "a Network Monitor capture", "Convert it: editcap -F pcapng OLD NEW"),
            (Array("TRSNIFF ".utf8), "a Sniffer capture", "Convert it: editcap -F pcapng OLD NEW"),
        ]
        return known.first { start.starts(with: $0.0) }.map { ($0.1, $0.2) }
    }
}
