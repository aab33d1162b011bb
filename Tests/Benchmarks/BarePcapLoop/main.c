// The yardstick: what it costs to walk a capture with libpcap and do nothing with it.
#include <pcap/pcap.h>
#include <stdio.h>

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: bare-pcap-loop FILE\n");
        return 2;
    }
    char message[PCAP_ERRBUF_SIZE];
    pcap_t *handle = pcap_open_offline(argv[1], message);
    if (handle == NULL) {
        fprintf(stderr, "%s\n", message);
        return 1;
    }
    struct pcap_pkthdr *header;
    const unsigned char *bytes;
    unsigned long long packets = 0, length = 0, first = 0;
    while (pcap_next_ex(handle, &header, &bytes) == 1) {
        packets++;
        length += header->len;
        if (header->caplen > 0) first += bytes[0];
    }
    printf("%llu packets, %llu bytes, check %llu\n", packets, length, first);
    pcap_close(handle);
    return 0;
}
