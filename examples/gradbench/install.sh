#!/bin/sh
# install.sh FOLDER PROGRAM... - copies the programs to the folder.
folder=$1
shift
mkdir -p "$folder" && cp "$@" "$folder"
