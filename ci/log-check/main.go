// Log-check verifies a transparency log in a folder with the Go project's own packages, which share no code with the
// node that wrote it.
//
//	log-check FOLDER VKEY [CHECKPOINT or .tlog-proof]...
//
// It checks the signature of FOLDER/checkpoint, that every tile holds the hashes it must, that the entry bundles hold
// the entries of the tree, that each entry is included, that each earlier CHECKPOINT is a beginning of the log, and
// that each .tlog-proof holds for the entry that it names.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

// tiles reads tiles of the C2SP layout, which has no height in its paths.
type tiles struct{ folder string }

func (t tiles) Height() int                        { return height }
func (t tiles) SaveTiles([]tlog.Tile, [][]byte)    {}
func (t tiles) path(tile tlog.Tile) string         { return strings.Replace(tile.Path(), "tile/8/", "tile/", 1) }
func (t tiles) read(tile tlog.Tile) ([]byte, error) { return os.ReadFile(filepath.Join(t.folder, t.path(tile))) }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range wanted {
		bytes, err := t.read(tile)
		if err != nil && tile.W < 1<<height {
			// The full tile took the place of its part.
			full := tile
			full.W = 1 << height
			if bytes, err = t.read(full); err == nil {
				bytes = bytes[:tile.W*tlog.HashSize]
			}
		}
		if err != nil {
			return nil, err
		}
		data = append(data, bytes)
	}
	return data, nil
}

// tilesOf lists the tiles of a log of this size. NewTiles would list every width that a tile ever had.
func tilesOf(size int64) []tlog.Tile {
	var all []tlog.Tile
	for level := 0; size > 0; level, size = level+1, size>>height {
		for number := int64(0); number<<height < size; number++ {
			width := size - number<<height
			if width > 1<<height {
				width = 1 << height
			}
			all = append(all, tlog.Tile{H: height, L: level, N: number, W: int(width)})
		}
	}
	return all
}

// bundle reads the entries of a bundle: each with its length in two bytes before it.
func (t tiles) bundle(number int64, width int) ([][]byte, error) {
	path := tlog.Tile{H: height, L: 0, N: number, W: width}
	name := strings.Replace(t.path(path), "tile/0/", "tile/entries/", 1)
	data, err := os.ReadFile(filepath.Join(t.folder, name))
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			return nil, fmt.Errorf("%s: an entry is cut short", name)
		}
		length := int(binary.BigEndian.Uint16(data))
		entries, data = append(entries, data[2:2+length]), data[2+length:]
	}
	if len(entries) != width {
		return nil, fmt.Errorf("%s: %d entries, not %d", name, len(entries), width)
	}
	return entries, nil
}

// open checks the signature of a checkpoint and reads it. The origin must be the name of the key.
func open(message []byte, verifier note.Verifier) (tlog.Tree, error) {
	signed, err := note.Open(message, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() || lines[3] != "" {
		return tlog.Tree{}, fmt.Errorf("not a checkpoint of %s: %q", verifier.Name(), signed.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, fmt.Errorf("not a size: %q", lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// checkLog holds every file of the log against its checkpoint and gives the entries.
func checkLog(files tiles, tree tlog.Tree) ([][]byte, int, error) {
	reader := tlog.TileHashReader(tree, files)
	var entries [][]byte
	var stored []tlog.Hash
	own := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var hashes []tlog.Hash
		for _, index := range indexes {
			hashes = append(hashes, stored[index])
		}
		return hashes, nil
	})
	for int64(len(entries)) < tree.N {
		width := tree.N - int64(len(entries))
		if width > 1<<height {
			width = 1 << height
		}
		bundle, err := files.bundle(int64(len(entries))>>height, int(width))
		if err != nil {
			return nil, 0, err
		}
		for _, entry := range bundle {
			hashes, err := tlog.StoredHashes(int64(len(entries)), entry, own)
			if err != nil {
				return nil, 0, err
			}
			stored = append(stored, hashes...)
			entries = append(entries, entry)
		}
	}
	// The tree that Go makes of the entries.
	if tree.N > 0 {
		root, err := tlog.TreeHash(tree.N, own)
		if err != nil || root != tree.Hash {
			return nil, 0, fmt.Errorf("the entries have the root %v, signed was %v (%v)", root, tree.Hash, err)
		}
	}
	// Every tile, against that tree and as the reader authenticates it.
	all := tilesOf(tree.N)
	for _, tile := range all {
		got, err := files.read(tile)
		if err != nil {
			return nil, 0, err
		}
		for _, hashes := range []tlog.HashReader{own, reader} {
			data, err := tlog.ReadTileData(tile, hashes)
			if err != nil || !bytes.Equal(data, got) {
				return nil, 0, fmt.Errorf("%s is not the tile it should be (%v)", files.path(tile), err)
			}
		}
	}
	for index, entry := range entries {
		// Both readers gave the same tiles; the one with files is slow, so it proves one entry of each bundle.
		var hashes tlog.HashReader = own
		if index%(1<<height) == 0 {
			hashes = reader
		}
		proof, err := tlog.ProveRecord(tree.N, int64(index), hashes)
		if err == nil {
			err = tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), tlog.RecordHash(entry))
		}
		if err != nil {
			return nil, 0, fmt.Errorf("entry %d: %v", index, err)
		}
	}
	return entries, len(all), nil
}

// checkGrowth checks that the log grew out of an earlier checkpoint.
func checkGrowth(files tiles, tree, old tlog.Tree) error {
	if old.N == 0 {
		return nil
	}
	proof, err := tlog.ProveTree(tree.N, old.N, tlog.TileHashReader(tree, files))
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash)
}

// checkProof checks a tlog-proof of one of the entries.
func checkProof(text []byte, verifier note.Verifier, entries [][]byte) error {
	head, checkpoint, found := bytes.Cut(text, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		return fmt.Errorf("not a tlog-proof")
	}
	tree, err := open(checkpoint, verifier)
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil || index < 0 || index >= int64(len(entries)) {
		return fmt.Errorf("no such entry: %q", lines[1])
	}
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entries[index]))
}

func run(folder, vkey string, others []string) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return fmt.Errorf("the key: %v", err)
	}
	message, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := open(message, verifier)
	if err != nil {
		return fmt.Errorf("the checkpoint: %v", err)
	}
	files := tiles{folder}
	entries, count, err := checkLog(files, tree)
	if err != nil {
		return err
	}
	for _, name := range others {
		text, err := os.ReadFile(name)
		if err == nil && strings.HasSuffix(name, ".tlog-proof") {
			err = checkProof(text, verifier, entries)
		} else if err == nil {
			var old tlog.Tree
			if old, err = open(text, verifier); err == nil {
				err = checkGrowth(files, tree, old)
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %v", name, err)
		}
	}
	fmt.Printf("ok: %d entries, %d tiles, %d checkpoints and proofs\n", len(entries), count, len(others))
	return nil
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: log-check FOLDER VKEY [CHECKPOINT or .tlog-proof]...")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, "log-check:", err)
		os.Exit(1)
	}
}
